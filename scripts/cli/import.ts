import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { alone } from '../alone.ts'
import { namedColumns } from '../import/columns.ts'
import { firebaseProject } from '../import/firebase.ts'
import { progressBar } from '../import/progress.ts'
import { Report } from '../import/report.ts'
import { UnreadableFile } from '../import/rows.ts'
import { importUsers } from '../import/run.ts'
import { type Format, formats, openSource } from '../import/source.ts'
import { storedAs } from '../import/stored-as.ts'
import { columnSentences } from '../import/summary.ts'
import { isZone } from '../import/values.ts'
import { command, onlyArgument, Refusal, UsageError } from './command.ts'
import { diskFull } from './disk.ts'
import { note, printText } from './output.ts'
import { repeatable } from './patient-d1.ts'

/** Bytes of JSON in one statement. D1 takes 2 MB as a bound value. */
const LOCAL_BYTES = 1_000_000
/** A deployed D1 takes statements of 100 kB, and here values stand in the statement as hexadecimal. */
const REMOTE_BYTES = 45_000

export const importCommand = command({
  name: 'import',
  summary: 'Import users from a file of another system, with ids and passwords',
  usage: '<file>',
  options: {
    'dry-run': { type: 'boolean', help: 'say what would happen to each row, and write nothing' },
    format: { type: 'string', help: `${formats.join(', ')}; otherwise recognized from the beginning of the file` },
    table: { type: 'string', help: 'the table of a database or a dump (users, or user)' },
    map: { type: 'string', multiple: true, help: 'field=column, for a column with another name' },
    ignore: { type: 'string', multiple: true, help: 'a column that should not be read' },
    timezone: { type: 'string', help: 'the zone of times without one, such as Asia/Seoul; otherwise UTC' },
    'without-password': { type: 'boolean', help: 'take users whose hash is refused; they have to reset the password' },
    'new-ids': { type: 'boolean', help: 'keep no ids of the file' },
    ids: { type: 'string', help: 'write old and new ids to this file' },
    rejects: { type: 'string', help: 'write lines and reasons of refused rows to this file' },
    'firebase-hash-config': { type: 'string', help: "a file with the project's hash_config" },
    'flask-security-salt': { type: 'string', help: 'a file with SECURITY_PASSWORD_SALT' },
    'sha256-first': {
      type: 'boolean',
      help: 'the hashes are bcrypt of a SHA-256, as with BCRYPT_HANDLE_LONG_PASSWORDS',
    },
    'plain-hashes': {
      type: 'boolean',
      help: 'the hashes are of the passwords themselves, even if the table looks like Flask-Security',
    },
  },
  run: async ({ values, positionals }, context) => {
    const path = onlyArgument(positionals, 'file')
    const format = values.format as Format | undefined
    if (format && !formats.includes(format)) throw new UsageError(`--format is one of ${formats.join(', ')}.`)
    const { timezone: zone } = values
    if (zone !== undefined && !isZone(zone)) throw new UsageError('--timezone is one such as Asia/Seoul or +09:00.')
    const dryRun = values['dry-run'] === true
    if (dryRun && values.ids !== undefined) throw new UsageError('--ids has nothing to tell in a dry run.')
    try {
      const secrets = [values['firebase-hash-config'], values['flask-security-salt']]
      refuseOneFileForTwo([path, values.rejects, values.ids, ...secrets])
      const named = namedColumns(values.map ?? [])
      const ignored = new Set(values.ignore)
      const config = values['firebase-hash-config']
      const firebase = config === undefined ? undefined : firebaseProject(textOf(config))
      const saltFile = values['flask-security-salt']
      const flaskSecuritySalt = saltFile === undefined ? undefined : textOf(saltFile).trim()
      const [sha256, plain] = [values['sha256-first'], values['plain-hashes']]
      const asStored = storedAs({ flaskSecuritySalt, sha256, plain })
      const source = openSource(path, { format, table: values.table })
      const bar = progressBar(source.progress)
      const print = (line: string) => (bar.clear(), printText(line))
      const report = new Report({ dryRun, json: context.json, rejects: values.rejects, ids: values.ids, print })
      try {
        const lend = () =>
          context.withCall(async (call) =>
            importUsers(source, {
              call,
              target: { db: repeatable(call.env.DB), maxBytes: context.remote ? REMOTE_BYTES : LOCAL_BYTES },
              named,
              ignored,
              zone,
              asStored,
              hashesExplained: asStored !== undefined,
              describe: (columns, mapping) => report.describe(columns, mapping),
              begin: () => report.begin(),
              dryRun,
              withoutPassword: values['without-password'] === true,
              newIds: values['new-ids'] === true,
              firebase,
              report: (outcome) => (bar.step(), report.add(outcome)),
            }),
          )
        const waiting = () => note('Another import is at work on this database. This one begins when that has ended.')
        await (context.remote ? lend() : alone(context.persistTo, 'import', lend, waiting))
      } finally {
        bar.clear()
        source.close()
        report.close()
      }
      report.printSummary()
      if (!dryRun) for (const line of columnSentences(report.summary)) note(line)
      const { refused, new_ids } = report.summary
      if (new_ids > 0 && !dryRun && !values.ids) {
        note('Some users have a new id. To learn which, run this again with --ids <file>: it changes nothing.')
      }
      const count = Object.values(refused).reduce((sum, n) => sum + n, 0)
      if (count > 0) throw new Refusal(count === 1 ? 'One row was not taken.' : `${count} rows were not taken.`)
    } catch (error) {
      if (error instanceof UnreadableFile) throw new Refusal(error.message)
      throw diskFull(error, context.persistTo)
    }
  },
})

/** A file that is written is none that is read, and no other one that is written. @throws UnreadableFile */
function refuseOneFileForTwo(paths: (string | undefined)[]): void {
  const given = paths.filter((path) => path !== undefined)
  const names = given.map((path) => {
    const there = statSync(path, { throwIfNoEntry: false })
    return there ? `${there.dev}:${there.ino}` : resolve(path)
  })
  const twice = given.find((_, i) => names.indexOf(names[i]!) !== i)
  if (twice !== undefined) throw new UnreadableFile(`${twice} is named for two things: each needs a file of its own.`)
}

/** The text of a small file. @throws UnreadableFile where that is none */
function textOf(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8' : (error as Error).message
    throw new UnreadableFile(`${path} cannot be read: ${why}.`)
  }
}
