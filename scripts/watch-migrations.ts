import { statSync } from 'node:fs'
import { join } from 'node:path'
import { alone } from './alone.ts'
import { ROOT, withLocalD1 } from './local.ts'
import { bringUpToDate, labelOf, migratedDatabases, namesOf } from './migrations.ts'

const LOOK_MS = 1_000

/**
 * Remembers which migrations there are, and gives the function that starts to apply those that appear from then on, while
 * `npm run dev` runs. It looks once a second, which works on every file system, and takes a file when it was quiet for a second.
 */
export function migrationWatch(persistTo: string): () => void {
  const databases = migratedDatabases()
  /** Every migration by its label, with what changes when it is saved. */
  const look = (): Map<string, string> =>
    new Map(
      databases.flatMap((database) =>
        namesOf(database).map((name) => {
          const file = statSync(join(ROOT, database.migrationsDir, name), { throwIfNoEntry: false })
          return [labelOf(database, name), `${file?.mtimeMs} ${file?.size}`] as const
        }),
      ),
    )
  let [seen, taken] = [look(), look()]
  let isBusy = false
  const take = async () => {
    const [before, found] = [seen, look()]
    seen = found
    // A removed file may be the migration that was refused, so those after it are tried again.
    if (isEqual(taken, found) || !isEqual(before, found)) return
    const edited = [...found].filter(([label, stamp]) => (taken.get(label) ?? stamp) !== stamp).map(([label]) => label)
    taken = found
    const applied: string[] = []
    const isDone = await withLocalD1(persistTo, (_, all) =>
      alone(persistTo, 'migrations', () =>
        bringUpToDate(all, (line, label) => {
          applied.push(label)
          console.log(line)
        }),
      ),
    )
    if (!isDone) return
    for (const label of edited.filter((one) => !applied.includes(one))) {
      console.log(`${label} has been applied before it was changed. Put the change into a new file.`)
    }
  }
  const tick = () => {
    if (isBusy) return
    isBusy = true
    void take()
      .catch((error: unknown) => console.error(`Migrations could not be applied: ${String(error)}`))
      .finally(() => (isBusy = false))
  }
  return () => void setInterval(tick, LOOK_MS).unref()
}

const isEqual = (one: Map<string, string>, other: Map<string, string>): boolean =>
  one.size === other.size && [...one].every(([label, stamp]) => other.get(label) === stamp)
