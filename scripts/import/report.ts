import { hasRole, SUPPORT } from '../../src/core/users/roles.ts'
import type { Mapping } from './columns.ts'
import { CsvFile } from './csv-file.ts'
import type { Outcome } from './run.ts'
import { count, emptySummary, sentences, type Summary } from './summary.ts'

type ReportOptions = {
  dryRun: boolean
  json: boolean
  /** Where the lines and the reasons of refused rows go. */
  rejects: string | undefined
  /** Where the old and the new id of every user who is here now go. */
  ids: string | undefined
  print: (line: string) => void
}

/** Tells a person or a program what became of the rows. It never sees a hash, and shows no text that is no address. */
export class Report {
  readonly summary: Summary
  readonly #options: ReportOptions
  #rejects: CsvFile | undefined
  #ids: CsvFile | undefined

  constructor(options: ReportOptions) {
    this.#options = options
    this.summary = emptySummary(options.dryRun)
  }

  /** Creates the files. Those of an earlier run are overwritten. */
  begin(): void {
    const { rejects, ids, dryRun } = this.#options
    if (rejects) this.#rejects = new CsvFile(rejects, REJECTS)
    if (ids && !dryRun) this.#ids = new CsvFile(ids, ['old_id', 'new_id'])
  }

  /** What the columns of the file are taken for. */
  describe(columns: readonly string[], mapping: Mapping): void {
    const read = new Set(mapping.values())
    this.summary.columns = Object.fromEntries([...mapping].map(([field, at]) => [field, columns[at] ?? '']))
    this.summary.left_behind = columns.filter((_, at) => !read.has(at)).slice(0, 100)
  }

  add(row: Outcome): void {
    const { summary } = this
    const { outcome, reason = '', roles = [], left_out = [] } = row
    summary.rows++
    if (outcome === 'refused') {
      count(summary.refused, reason)
      const { line, id } = { line: '', id: '', ...row.other }
      const who = [row.old_id ?? row.id ?? '', row.email ?? '']
      this.#rejects?.write([row.line, reason, row.field ?? '', line, id, ...who])
    } else {
      summary[outcome]++
      for (const role of roles) count(summary.roles, role)
      for (const field of left_out) count(summary.left_out, field)
      if (row.without_password) summary.without_password++
      if (row.new_id) summary.new_ids++
      if (row.no_password) summary.no_password++
      if (row.disabled) summary.disabled++
      if (row.unverified) summary.unverified++
      if (row.trimmed) summary.trimmed++
      this.#ids?.write([row.old_id ?? '', row.id ?? ''])
    }
    const hasPower = hasRole(roles, SUPPORT)
    const isShown = this.#options.dryRun || outcome === 'refused' || row.without_password || hasPower
    if (isShown) this.#options.print(this.#options.json ? JSON.stringify(row) : lineOf(row))
  }

  /** Closes the files. */
  close(): void {
    this.#rejects?.close()
    this.#ids?.close()
  }

  /** Prints the summary. */
  printSummary(): void {
    const { print, json } = this.#options
    if (json) print(JSON.stringify({ summary: this.summary }))
    else for (const line of sentences(this.summary)) print(line)
  }
}

const REJECTS = ['line', 'reason', 'field', 'other_line', 'other_id', 'id', 'email']

function lineOf(row: Outcome): string {
  const { line, outcome, reason, field, id, old_id, email, other, without_password, roles, left_out } = row
  const shownId = id ?? old_id
  const who = [email, shownId == null ? '' : email === undefined ? `id ${shownId}` : `(id ${shownId})`]
  const why = [reason, field].filter(Boolean).join(' ')
  const against = other && ('line' in other ? `see line ${other.line}` : `there: ${other.email} (id ${other.id})`)
  const notes = [
    without_password && `without password: ${without_password}`,
    roles && `roles: ${roles.join(', ')}`,
    row.no_password && 'no password',
    row.disabled && 'disabled',
    row.unverified && 'unverified',
    left_out && `left out: ${left_out.join(', ')}`,
    row.trimmed && 'trimmed',
  ]
  const words = [outcome.padEnd(8), why, who.filter(Boolean).join(' '), against, ...notes].filter(Boolean).join('  ')
  return `line ${String(line).padStart(7)}  ${words}`.replace(/\p{Cc}/gu, '?')
}
