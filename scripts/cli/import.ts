import { readFileSync } from 'node:fs'
import { namedColumns } from '../import/columns.ts'
import { firebaseProject } from '../import/firebase.ts'
import { progressBar } from '../import/progress.ts'
import { Report } from '../import/report.ts'
import { UnreadableFile } from '../import/rows.ts'
import { importUsers } from '../import/run.ts'
import { type Format, formats, openSource } from '../import/source.ts'
import { command, onlyArgument, Refusal, UsageError } from './command.ts'
import { note, printText } from './output.ts'

/** Bytes of JSON in one statement. D1 takes 2 MB as a bound value. */
const LOCAL_BYTES = 1_000_000
/** A deployed D1 takes statements of 100 kB, and here values stand in the statement as hexadecimal. */
const REMOTE_BYTES = 45_000

export const importCommand = command({
  name: 'import',
  summary: 'Brings users from a file of another system, with ids and passwords',
  usage: '<file>',
  options: {
    'dry-run': { type: 'boolean', help: 'say what would become of each row, and write nothing' },
    format: { type: 'string', help: `${formats.join(', ')}; else by how the file begins` },
    table: { type: 'string', help: 'the table of a database or a dump (users, or user)' },
    map: { type: 'string', multiple: true, help: 'field=column, for a column that is called otherwise' },
    'without-password': { type: 'boolean', help: 'take users whose hash is refused; they have to reset' },
    'new-ids': { type: 'boolean', help: 'keep no id of the file' },
    ids: { type: 'string', help: 'write old and new ids to this file' },
    rejects: { type: 'string', help: 'write lines and reasons of refused rows to this file' },
    'firebase-hash-config': { type: 'string', help: "a file with the project's hash_config" },
  },
  run: async ({ values, positionals }, context) => {
    const path = onlyArgument(positionals, 'file')
    const format = values.format as Format | undefined
    if (format && !formats.includes(format)) throw new UsageError(`--format is one of ${formats.join(', ')}.`)
    const dryRun = values['dry-run'] === true
    try {
      const named = namedColumns(values.map ?? [])
      const config = values['firebase-hash-config']
      const firebase = config === undefined ? undefined : firebaseProject(readFileSync(config, 'utf8'))
      const source = openSource(path, { format, table: values.table })
      const bar = progressBar(source.progress)
      const print = (line: string) => (bar.clear(), printText(line))
      const report = new Report({ dryRun, json: context.json, rejects: values.rejects, ids: values.ids, print })
      try {
        await context.withDatabase((db) =>
          importUsers(source, {
            target: { db, maxBytes: context.remote ? REMOTE_BYTES : LOCAL_BYTES },
            by: context.by,
            now: context.now,
            named,
            dryRun,
            withoutPassword: values['without-password'] === true,
            newIds: values['new-ids'] === true,
            firebase,
            report: (outcome) => (bar.step(), report.add(outcome)),
          }),
        )
      } finally {
        bar.clear()
        source.close()
        report.close()
      }
      const { refused, new_ids } = report.summary
      if (new_ids > 0 && !dryRun && !values.ids) {
        note('Some users have a new id. To learn which, run this again with --ids <file>: it changes nothing.')
      }
      const count = Object.values(refused).reduce((sum, n) => sum + n, 0)
      if (count > 0) throw new Refusal(count === 1 ? 'One row was not taken.' : `${count} rows were not taken.`)
    } catch (error) {
      throw error instanceof UnreadableFile ? new Refusal(error.message) : error
    }
  },
})
