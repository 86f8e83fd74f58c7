import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { auditRow } from '../../src/core/events/audit.ts'
import { batch } from '../../src/core/d1.ts'
import { exportFormats, storedUsers } from '../import/export.ts'
import { command, noArguments, Refusal, UsageError } from './command.ts'
import { note } from './output.ts'

const PAGE_ROWS = 5_000

export const exportCommand = command({
  name: 'export',
  summary: 'Write all users, with their password hashes, in a form that import reads back',
  usage: '',
  options: {
    format: { type: 'string', help: 'jsonl (the default) or csv' },
    output: { type: 'string', help: 'a file that only you can read; otherwise standard output' },
  },
  run: async ({ values, positionals }, { withCall }) => {
    noArguments(positionals)
    const format = exportFormats[(values.format ?? 'jsonl') as keyof typeof exportFormats]
    if (!Object.hasOwn(exportFormats, values.format ?? 'jsonl')) throw new UsageError('--format is jsonl or csv.')
    const { output } = values
    if (output === undefined && process.stdout.isTTY) {
      throw new Refusal(
        'An export contains password hashes, which do not belong on a screen. Name a file with --output.',
      )
    }
    note('An export contains every password hash. Keep it where nobody else can read it, and delete it after use.')
    if (output !== undefined && statSync(output, { throwIfNoEntry: false })?.isDirectory()) {
      throw new Refusal(`${output} is a folder. Name a file in it.`)
    }
    // Under its own name only when it is whole; and a file of our own, not what a link there leads to.
    const part = output === undefined ? undefined : `${output}.part`
    if (part !== undefined) rmSync(part, { force: true })
    const fd = part === undefined ? process.stdout.fd : openSync(part, 'wx', 0o600)
    const interrupted = () => {
      if (part !== undefined) rmSync(part, { force: true })
      process.exit(130)
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
    let count = 0
    try {
      await withCall(async (call) => {
        await batch(call.env.DB, [auditRow(call, { event: 'users_exported' })])
        writeAll(fd, format.header)
        for await (const users of storedUsers(call.env.DB, PAGE_ROWS)) {
          writeAll(fd, users.map((user) => `${format.line(user)}\n`).join(''))
          count += users.length
        }
      })
      if (output !== undefined) renameSync(`${output}.part`, output)
    } finally {
      if (part !== undefined) {
        closeSync(fd)
        rmSync(part, { force: true })
      }
    }
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
