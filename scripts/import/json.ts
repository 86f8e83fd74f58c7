import { hasRepeatedMembers } from '../../src/lib/json.ts'
import { Pieces, type Text } from './input.ts'
import { type Fault, type Row, UnreadableFile } from './rows.ts'

/**
 * Reads the objects of an array, one at a time. The array may be a member of the outermost object, as in Firebase's export.
 * If it breaks off between two objects, a fault without a text ends the rows.
 * @throws UnreadableFile when no array is in the object, or when it has two and none is named
 */
export function* jsonRows(text: Text, table?: string): Generator<Row> {
  space(text)
  let listed = text.peek() === '['
  if (listed) yield* elements(text)
  else listed = yield* members(text, table)
  if (rest(text)) yield { line: text.line, fault: 'malformed_json' }
  else if (!listed) throw new UnreadableFile(`This JSON is one object, and has no list ${table ?? 'of users'} in it.`)
}

/** An object on each line. */
export function* jsonLineRows(text: Text): Generator<Row> {
  while (text.peek() !== '') {
    const { line } = text
    const { text: whole, ends } = text.until('\n')
    if (whole?.trim() !== '') yield toRow(line, { whole, ends })
  }
}

function* elements(text: Text): Generator<Row> {
  text.at++
  for (space(text); text.peek() !== ']'; space(text)) {
    const { line } = text
    if (text.peek() === '') return yield { line, fault: 'truncated' }
    const { content, closed } = value(text)
    yield closed ? toRow(line, content) : broken(line, 'truncated', content.ends)
    space(text)
    if (text.peek() === ',') text.at++
    else if (text.peek() !== ']') return // the caller finds that there is more
  }
  text.at++
}

/** Returns true if a member was an array, or if the file is broken, which a fault then says. */
function* members(text: Text, table: string | undefined): Generator<Row, boolean> {
  let listed: string | undefined
  text.at++
  for (space(text); text.peek() !== '}'; space(text)) {
    if (text.peek() === '') {
      yield { line: text.line, fault: 'truncated' }
      return true
    }
    const name = value(text).content.ends.slice(1, -1)
    space(text)
    if (text.peek() !== ':') return listed !== undefined
    text.at++
    space(text)
    if (text.peek() === '[' && (table === undefined || table === name)) {
      if (listed !== undefined) {
        throw new UnreadableFile(`Both ${listed} and ${name} could be meant. Choose one with --table.`)
      }
      listed = name
      yield* elements(text)
    } else value(text)
    space(text)
    if (text.peek() === ',') text.at++
    else if (text.peek() !== '}') return listed !== undefined
  }
  text.at++
  return listed !== undefined
}

/** The text of one value. Only its extent is known: `JSON.parse` says whether it is one. */
function value(text: Text): { content: Pieces; closed: boolean } {
  const content = new Pieces()
  let depth = 0
  do {
    const char = text.peek()
    if (char === '') return { content, closed: false }
    if (char === '"') {
      content.add('"')
      text.at++
      for (;;) {
        text.take(/[^"\\]*/y, content)
        const next = text.peek()
        if (next === '') return { content, closed: false }
        text.at++
        content.add(next === '\\' ? next + text.peek() : next)
        if (next === '"') break
        text.at++
      }
    } else if ('{[]}'.includes(char)) {
      depth += char === '{' || char === '[' ? 1 : -1
      content.add(char)
      text.at++
    } else if (depth > 0) text.take(/[^"{}[\]]*/y, content)
    else {
      content.add(text.take(/[^,:\]}\s]*/y) || text.peek())
      return { content, closed: true }
    }
  } while (depth > 0)
  return { content, closed: true }
}

const space = (text: Text): void => void text.take(/[ \t\r\n]*/y)

function rest(text: Text): boolean {
  space(text)
  return text.peek() !== ''
}

function toRow(line: number, { whole, ends }: Pick<Pieces, 'whole' | 'ends'>): Row {
  if (whole === undefined) return broken(line, 'row_too_long', ends)
  try {
    const value: unknown = JSON.parse(whole)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      if (hasRepeatedMembers(whole, value)) return broken(line, 'repeated_member', whole)
      const exact = LONG_NUMBER.test(whole) ? (JSON.parse(whole, exactly) as object) : value
      return { line, columns: Object.keys(exact), cells: Object.values(exact) }
    }
  } catch {
    // RangeError (too deep) and SyntaxError are one thing to whoever reads the report.
  }
  return broken(line, 'malformed_json', whole)
}

/** More digits than a number in JavaScript can hold for certain. */
const LONG_NUMBER = /\d{16}/

/**
 * Gives a whole number that was rounded as its digits, or two ids would become one. Node has the source text since version
 * 21.
 */
function exactly(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  return typeof value === 'number' && /^-?\d+$/.test(source) && String(value) !== source ? source : value
}

/** Keeps the members whose value is a plain number or text and whose name stands once, as far as a broken object shows them. */
function broken(line: number, fault: Fault, text: string): Row {
  const found = [...text.matchAll(/"([\w -]{1,40})"\s*:\s*(?:"([^"\\]{0,400})"|(\d{1,20})(?![\d.eE]))?/g)]
  const times = Map.groupBy(found, ([, name]) => name)
  const members = found.filter(([, name]) => times.get(name)?.length === 1)
  const columns = members.map(([, name = '']) => name)
  return { line, fault, columns, cells: members.map(([, , string, number]) => string ?? number), text }
}
