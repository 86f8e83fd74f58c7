import { MAX_LENGTH, type Text } from './input.ts'
import type { Row } from './rows.ts'

/** Objects in an array, which may be a member of the outermost object as in Firebase's export. Reads one at a time. */
export function* jsonRows(text: Text): Generator<Row> {
  space(text)
  if (text.peek() === '[') yield* elements(text)
  else yield* members(text)
  if (rest(text)) yield { line: text.line, fault: 'malformed_json' }
}

/** An object on each line. */
export function* jsonLineRows(text: Text): Generator<Row> {
  while (text.peek() !== '') {
    const { line } = text
    const { text: content } = text.until('\n')
    if (content === undefined || content.trim() !== '') yield toRow(line, content)
  }
}

function* elements(text: Text): Generator<Row> {
  text.at++
  for (space(text); text.peek() !== ']'; space(text)) {
    const { line } = text
    if (text.peek() === '') return yield { line, fault: 'truncated' }
    const { content, closed } = value(text)
    yield closed ? toRow(line, content) : { line, fault: 'truncated' }
    space(text)
    if (text.peek() === ',') text.at++
    else if (text.peek() !== ']') return // the caller finds that there is more
  }
  text.at++
}

function* members(text: Text): Generator<Row> {
  text.at++
  for (space(text); text.peek() !== '}'; space(text)) {
    if (text.peek() === '') return yield { line: text.line, fault: 'truncated' }
    value(text)
    space(text)
    if (text.peek() !== ':') return
    text.at++
    space(text)
    if (text.peek() === '[') yield* elements(text)
    else value(text)
    space(text)
    if (text.peek() === ',') text.at++
    else if (text.peek() !== '}') return
  }
  text.at++
}

/** The text of one value. Only its extent is known: `JSON.parse` says whether it is one. */
function value(text: Text): { content: string | undefined; closed: boolean } {
  let content: string | undefined = ''
  const add = (piece: string | undefined) => {
    content = content === undefined || piece === undefined ? undefined : content + piece
    if (content !== undefined && content.length > MAX_LENGTH) content = undefined
  }
  let depth = 0
  do {
    const char = text.peek()
    if (char === '') return { content, closed: false }
    if (char === '"') {
      add('"')
      text.at++
      for (;;) {
        add(text.take(/[^"\\]*/y))
        const next = text.peek()
        if (next === '') return { content, closed: false }
        text.at++
        add(next === '\\' ? next + text.peek() : next)
        if (next === '"') break
        text.at++
      }
    } else if ('{[]}'.includes(char)) {
      depth += char === '{' || char === '[' ? 1 : -1
      add(char)
      text.at++
    } else {
      add(depth === 0 ? text.take(/[^,:\]}\s]*/y) || text.peek() : text.take(/[^"{}[\]]*/y))
      if (depth === 0) return { content, closed: true }
    }
  } while (depth > 0)
  return { content, closed: true }
}

const space = (text: Text): void => void text.take(/[ \t\r\n]*/y)

function rest(text: Text): boolean {
  space(text)
  return text.peek() !== ''
}

function toRow(line: number, content: string | undefined): Row {
  if (content === undefined) return { line, fault: 'row_too_long' }
  try {
    const value: unknown = JSON.parse(content)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { line, columns: Object.keys(value), cells: Object.values(value) }
    }
  } catch {
    // RangeError (too deep) and SyntaxError are one thing to whoever reads the report.
  }
  return { line, fault: 'malformed_json' }
}
