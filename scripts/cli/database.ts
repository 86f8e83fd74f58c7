import { applyMigrations, withLocalD1 } from '../local.ts'
import { note } from './output.ts'
import { patientD1 } from './patient-d1.ts'
import { wranglerD1 } from './wrangler-d1.ts'

/** Lends the deployed database, or the local one after applying what migrations it lacks, as `npm run dev` does. */
export function openDatabase<T>(remote: boolean, persistTo: string, use: (db: D1Database) => Promise<T>): Promise<T> {
  if (remote) return use(wranglerD1(['--remote']))
  return withLocalD1(persistTo, async (local) => {
    const db = patientD1(local)
    for (const name of await applyMigrations(db)) note(`Applied ${name}.`)
    return use(db)
  })
}
