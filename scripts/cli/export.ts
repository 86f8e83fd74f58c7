import { closeSync, fchmodSync, openSync, renameSync, writeSync } from 'node:fs'
import { auditRow } from '../../src/core/audit.ts'
import { batch } from '../../src/core/d1.ts'
import { exportFormats, storedUsers } from '../import/export.ts'
import { command, noArguments, Refusal, UsageError } from './command.ts'
import { note } from './output.ts'

const PAGE_ROWS = 5_000

export const exportCommand = command({
  name: 'export',
  summary: 'Writes all users, with their password hashes, in a form that import reads back',
  usage: '',
  options: {
    format: { type: 'string', help: 'jsonl (the default) or csv' },
    output: { type: 'string', help: 'a file, readable by you alone; else standard output' },
  },
  run: async ({ values, positionals }, { withDatabase, by, now }) => {
    noArguments(positionals)
    const format = exportFormats[(values.format ?? 'jsonl') as keyof typeof exportFormats]
    if (!Object.hasOwn(exportFormats, values.format ?? 'jsonl')) throw new UsageError('--format is jsonl or csv.')
    const { output } = values
    if (output === undefined && process.stdout.isTTY) {
      throw new Refusal('An export holds password hashes, which do not belong on a screen. Name a file with --output.')
    }
    note('An export holds every password hash. Keep it where nobody else reads it, and delete it when it has served.')
    // Under its own name only when it is whole.
    const part = output === undefined ? undefined : `${output}.part`
    const fd = part === undefined ? process.stdout.fd : openSync(part, 'w', 0o600)
    let count = 0
    try {
      if (part !== undefined) fchmodSync(fd, 0o600)
      await withDatabase(async (db) => {
        await batch(db, [auditRow({ event: 'users_exported' }, by, now)])
        writeAll(fd, format.header)
        for await (const users of storedUsers(db, PAGE_ROWS)) {
          writeAll(fd, users.map((user) => `${format.line(user)}\n`).join(''))
          count += users.length
        }
      })
    } finally {
      if (part !== undefined) closeSync(fd)
    }
    if (output !== undefined) renameSync(`${output}.part`, output)
    note(`Wrote ${count} users.`)
  },
})

/** A pipe takes what fits. */
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}
