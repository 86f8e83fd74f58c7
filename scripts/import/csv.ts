import { MAX_LENGTH, type Text } from './input.ts'
import { type Row, UNREADABLE, UnreadableFile } from './rows.ts'

type Record = { line: number; cells: unknown[]; fault?: 'malformed_csv' | 'truncated' }

/** Records below a line of column names, as RFC 4180 writes them, separated by whatever separates the names. */
export function* csvRows(text: Text): Generator<Row> {
  const delimiter = delimiterOf(text)
  const header = record(text, delimiter)
  if (!header || header.fault || header.cells.includes(UNREADABLE)) {
    throw new UnreadableFile('The first line has no column names.')
  }
  const columns = header.cells as string[]
  for (let next = record(text, delimiter); next; next = record(text, delimiter)) {
    const { line, cells, fault } = next
    if (fault) yield { line, fault }
    else if (cells.length === columns.length) yield { line, columns, cells }
    else if (cells.length > 1 || cells[0] !== '') yield { line, fault: 'wrong_column_count' }
  }
}

function record(text: Text, delimiter: string): Record | undefined {
  if (text.peek() === '') return undefined
  const { line } = text
  const cells: unknown[] = []
  const plain = new RegExp(`[^${delimiter}\n]*`, 'y')
  for (;;) {
    if (text.peek() === '"') {
      const cell = quoted(text)
      if (cell === undefined) return { line, cells, fault: 'truncated' }
      cells.push(cell)
    } else cells.push(text.take(plain) ?? UNREADABLE)
    const next = text.peek()
    text.at++
    if (next === delimiter) continue
    if (next === '\r' && text.peek() === '\n') text.at++
    else if (next !== '' && next !== '\n') {
      text.until('\n') // text after a closing quote: the next line may be good again
      return { line, cells, fault: 'malformed_csv' }
    }
    const last = cells.at(-1)
    if (typeof last === 'string' && last.endsWith('\r')) cells[cells.length - 1] = last.slice(0, -1)
    return { line, cells }
  }
}

/** Undefined where the file ends inside. */
function quoted(text: Text): string | typeof UNREADABLE | undefined {
  let cell: string | undefined = ''
  for (;;) {
    text.at++
    const piece = text.take(/[^"]*/y)
    cell = cell === undefined || piece === undefined || cell.length > MAX_LENGTH ? undefined : cell + piece
    if (text.peek() === '') return undefined
    text.at++
    if (text.peek() !== '"') return cell ?? UNREADABLE
    if (cell !== undefined) cell += '"'
  }
}

/** Commas, unless the names are separated by something else: Excel writes semicolons in much of Europe. */
function delimiterOf(text: Text): string {
  text.peek(MAX_HEADER)
  const names = text.window.slice(0, MAX_HEADER).split('\n', 1)[0] ?? ''
  const count = (char: string) => names.split(char).length
  return [',', ';', '\t'].reduce((best, char) => (count(char) > count(best) ? char : best))
}

/** Characters of the first line that are looked at. */
const MAX_HEADER = 4096
