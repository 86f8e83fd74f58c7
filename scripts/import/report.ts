import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs'
import type { Outcome } from './run.ts'

export type Summary = {
  rows: number
  taken: number
  present: number
  refused: Record<string, number>
  without_password: number
  /** Those whose id in the file is no whole number that could be kept. */
  new_ids: number
  dry_run: boolean
}

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
  readonly #rejects: CsvFile | undefined
  readonly #ids: CsvFile | undefined

  constructor(options: ReportOptions) {
    this.#options = options
    this.summary = {
      rows: 0,
      taken: 0,
      present: 0,
      refused: {},
      without_password: 0,
      new_ids: 0,
      dry_run: options.dryRun,
    }
    if (options.rejects)
      this.#rejects = new CsvFile(options.rejects, ['line', 'reason', 'field', 'other_line', 'other_id'])
    if (options.ids && !options.dryRun) this.#ids = new CsvFile(options.ids, ['old_id', 'new_id'])
  }

  add(row: Outcome): void {
    const { summary } = this
    const { outcome, reason = '' } = row
    summary.rows++
    if (outcome === 'refused') {
      summary.refused[reason] = (summary.refused[reason] ?? 0) + 1
      const { line, id } = { line: '', id: '', ...row.other }
      this.#rejects?.write([row.line, reason, row.field ?? '', line, id])
    } else {
      summary[outcome]++
      if (row.without_password) summary.without_password++
      if (row.new_id) summary.new_ids++
      this.#ids?.write([row.old_id ?? '', row.id ?? ''])
    }
    const worthALine = this.#options.dryRun || outcome === 'refused' || row.without_password
    if (worthALine) this.#options.print(this.#options.json ? JSON.stringify(row) : lineOf(row))
  }

  /** Prints the sum of it, and closes the files. */
  close(): void {
    this.#rejects?.close()
    this.#ids?.close()
    const { print, json } = this.#options
    if (json) print(JSON.stringify({ summary: this.summary }))
    else for (const line of sentences(this.summary)) print(line)
  }
}

/** Readable by its owner alone, also where the file was there before. */
class CsvFile {
  readonly #fd: number

  constructor(path: string, header: string[]) {
    this.#fd = openSync(path, 'w', 0o600)
    fchmodSync(this.#fd, 0o600)
    this.write(header)
  }

  write(cells: (string | number)[]): void {
    writeSync(this.#fd, `${cells.map(csvCell).join(',')}\n`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** RFC 4180. NULL is an empty cell. */
export function csvCell(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function lineOf({ line, outcome, reason, field, id, email, other, without_password }: Outcome): string {
  const who = email === undefined ? '' : `${email}${id == null ? '' : ` (id ${id})`}`
  const why = [reason, field].filter(Boolean).join(' ')
  const against = other && ('line' in other ? `see line ${other.line}` : `there: ${other.email} (id ${other.id})`)
  const note = without_password && `without password: ${without_password}`
  const words = [outcome.padEnd(8), why, who, against, note].filter(Boolean).join('  ')
  return `line ${String(line).padStart(7)}  ${words}`.replace(/\p{Cc}/gu, '?')
}

function sentences({ rows, taken, present, refused, without_password, new_ids, dry_run }: Summary): string[] {
  const count = (n: number) => n.toLocaleString('en')
  const all = Object.values(refused).reduce((sum, n) => sum + n, 0)
  const counts = `${count(rows)} rows: ${count(taken)} ${dry_run ? 'would be taken' : 'taken'}, ${count(present)} present, ${count(all)} refused`
  return [
    counts,
    ...Object.entries(refused).map(([reason, n]) => `  ${count(n).padStart(9)}  ${reason}`),
    ...(without_password
      ? [`${count(without_password)} of them without a password, because its hash was refused.`]
      : []),
    ...(new_ids ? [`${count(new_ids)} of them with a new id.`] : []),
  ]
}
