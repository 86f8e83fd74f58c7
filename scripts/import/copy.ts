import type { Text } from './input.ts'
import type { Row } from './rows.ts'

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** A line of COPY's text format (PostgreSQL 17 manual, COPY, "Text Format"). Undefined after the last. */
export function copiedRow(text: Text, columns: readonly string[]): Row | undefined {
  const { line } = text
  const { text: read, ends, closed } = text.until('\n')
  const content = read?.endsWith('\r') ? read.slice(0, -1) : read
  if (content === '\\.') return undefined
  if (content === undefined) return { line, fault: closed ? 'row_too_long' : 'truncated', text: ends }
  const cells = content.split('\t').map(cell)
  if (!closed) return { line, fault: 'truncated', columns, cells }
  return cells.length === columns.length
    ? { line, columns, cells }
    : { line, fault: 'wrong_column_count', columns, cells }
}

/** Resolves what a backslash begins, character codes included. */
const cell = (raw: string): string | null =>
  raw === '\\N'
    ? null
    : raw.replace(/\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))/g, (_, octal?: string, hex?: string, char = '') =>
        octal || hex
          ? String.fromCharCode(octal ? parseInt(octal, 8) & 255 : parseInt(hex!, 16))
          : (ESCAPES[char] ?? char),
      )
