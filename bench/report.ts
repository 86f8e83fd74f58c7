import { type Measured, median, ratio } from './rounds.ts'

/** What was promised, and what was measured. `most` or `least` is the limit. */
export type Target = { what: string; value: number } & ({ most: number } | { least: number })

export type Section = { title: string; note: string; table: string; targets: Target[] }

/** A table of Markdown, its columns aligned. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length), 3))
  const line = (row: string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** Every contender, and beside it how the subject compares: its requests per second and its CPU over theirs. */
export function comparison(measured: Measured[], subject: Measured): string {
  const head = ['', 'requests/s', 'CPU per request, µs', 'p50, ms', 'p90, ms', 'requests/s of', 'CPU of']
  const rows = measured.map((other) => {
    const speed = other === subject ? '' : spread(ratio(subject.perSecond, other.perSecond))
    const cpu = other === subject ? '' : spread(ratio(subject.cpuMs, other.cpuMs))
    const numbers = [median(other.perSecond), median(other.cpuMs) * 1000, median(other.p50), median(other.p90)]
    return [other.name, ...numbers.map((number) => number.toPrecision(3)), speed, cpu].map(plain)
  })
  return table(head, rows)
}

export function verdicts(targets: Target[]): string {
  const rows = targets.map((target) => {
    const [sign, limit] = 'most' in target ? ['at most', target.most] : ['at least', target.least]
    const met = 'most' in target ? target.value <= target.most : target.value >= target.least
    return [target.what, `${sign} ${limit}`, target.value.toFixed(2), met ? 'met' : '**missed**']
  })
  return table(['target', 'limit', 'measured', ''], rows)
}

const spread = ({ median, low, high }: { median: number; low: number; high: number }) =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

/** 1.23e+4 is 12300. */
const plain = (cell: string) => (/^\d\.?\d*e\+\d+$/.test(cell) ? String(Number(cell)) : cell)
