import { Pieces, type Text } from './input.ts'
import { type Row, UNREADABLE, UnreadableFile } from './rows.ts'

type Record = { line: number; cells: unknown[]; fault?: 'malformed_csv' | 'truncated'; isBlank?: boolean }

/**
 * Reads the records below a line of column names, in the form of RFC 4180. The cells are separated by what separates the
 * names. Lines may also end with a bare CR, as in Excel's "CSV (Macintosh)". Between tabs there are no line breaks: the
 * clients of MySQL and PostgreSQL write those as `\n`, and quote nothing.
 */
export function* csvRows(text: Text): Generator<Row> {
  const delimiter = delimiterOf(text)
  const header = record(text, delimiter)
  if (!header || header.fault || header.cells.includes(UNREADABLE)) {
    throw new UnreadableFile('The first line has no column names.')
  }
  const columns = header.cells as string[]
  if (columns.some((name) => name.includes('@') || name.startsWith('$'))) {
    throw new UnreadableFile('The first line looks like a row of the table. Put the names of the columns above it.')
  }
  for (;;) {
    text.mark()
    const next = record(text, delimiter)
    if (!next) return
    const { line, cells, isBlank } = next
    const fault = next.fault ?? (holdsRows(cells, columns.length, delimiter) ? 'malformed_csv' : undefined)
    if (fault === undefined && cells.length === columns.length) yield { line, columns, cells }
    else if (!isBlank) yield spoilt(text, { line, fault: fault ?? 'wrong_column_count', columns, cells })
  }
}

/**
 * A stray quote begins a cell that ends at the next quote, perhaps many rows later. So only the first line of a broken
 * record is given up, and the next line is read as a new record.
 */
function spoilt(text: Text, row: Extract<Row, { fault: unknown }>): Row {
  if (!text.back()) return row
  const { ends } = text.until(text.newline)
  return { ...row, text: ends }
}

/** True if a cell has swallowed rows: one of its lines has as many cells as the table, and an address. */
function holdsRows(cells: readonly unknown[], columns: number, delimiter: string): boolean {
  const broken = cells.filter((cell): cell is string => typeof cell === 'string' && /[\r\n]/.test(cell))
  const lines = broken.flatMap((cell) => cell.split(/[\r\n]+/).slice(1))
  return lines.some((line) => line.split(delimiter).length >= columns && line.includes('@'))
}

function record(text: Text, delimiter: string): Record | undefined {
  if (text.peek() === '') return undefined
  const { line } = text
  const cells: unknown[] = []
  const plain = new RegExp(`[^${delimiter}\\r\\n]*`, 'y')
  for (;;) {
    const isQuoted = text.peek() === '"'
    if (isQuoted && delimiter !== '\t') {
      const cell = quoted(text)
      if (cell === undefined) return { line, cells, fault: 'truncated' }
      cells.push(cell)
    } else cells.push(unquoted(text.take(plain), delimiter))
    const next = text.peek()
    text.at++
    if (next === delimiter) continue
    if (next === '\r' && text.peek() === '\n') text.at++
    else if (next !== '' && next !== '\n' && next !== '\r') {
      text.until(text.newline) // text after a closing quote: the next line may be good again
      return { line, cells, fault: 'malformed_csv' }
    }
    return { line, cells, isBlank: cells.length === 1 && cells[0] === '' && !isQuoted }
  }
}

/** Excel quotes between tabs, too. A quote that does not close is one that somebody typed. */
function unquoted(cell: string | undefined, delimiter: string): unknown {
  if (cell === undefined) return UNREADABLE
  const inside = delimiter === '\t' ? /^"((?:[^"]|"")*)"$/.exec(cell)?.[1] : undefined
  return inside?.replaceAll('""', '"') ?? cell
}

/** The cell that an opening quote begins. Undefined if the file ends inside it. */
function quoted(text: Text): string | typeof UNREADABLE | undefined {
  const cell = new Pieces()
  for (;;) {
    text.at++
    text.take(/[^"]*/y, cell)
    if (text.peek() === '') return undefined
    text.at++
    if (text.peek() !== '"') return cell.whole ?? UNREADABLE
    cell.add('"')
  }
}

/**
 * What separates the names: commas, semicolons or tabs. Excel writes semicolons in much of Europe. It may name its separator
 * in a first line such as `sep=;`, which is skipped.
 */
function delimiterOf(text: Text): string {
  text.peek(MAX_HEADER)
  const head = text.window.slice(0, MAX_HEADER)
  if (/^[^\n]*\r(?!\n)/.test(head)) text.newline = '\r'
  const named = /^sep=([,;\t])(\r\n|\r|\n)/i.exec(head)
  if (named?.[1] !== undefined) {
    text.at += named[0].length
    return named[1]
  }
  const names = head.split(/[\r\n]/, 1)[0] ?? ''
  const count = (char: string) => names.split(char).length
  return [',', ';', '\t'].reduce((best, char) => (count(char) > count(best) ? char : best))
}

/** Characters in which the separator and the line end are looked for. */
const MAX_HEADER = 4096
