import { Pieces, type Text } from './input.ts'

export type Dialect = 'mysql' | 'postgres' | 'sqlite'

/** `text` of a string or a blob is undefined if it was too long to keep. Blobs are hexadecimal. */
export type Token =
  | { kind: 'word' | 'name' | 'number' | 'sign' | 'end'; text: string }
  | { kind: 'string' | 'blob'; text: string | undefined }

const END: Token = { kind: 'end', text: '' }

/** MySQL 8.4 manual, table 9.1. Any other character stands for itself. */
const MYSQL_ESCAPES: Record<string, string> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }
/** PostgreSQL 17 manual, section 4.1.2.2: without the forms that name a character by number, which pg_dump never writes. */
const POSTGRES_ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * The next token of a dump. It is `end` at the end of the file, even if that cuts a token. A string of any length is read in
 * bounded memory.
 */
export function nextToken(text: Text, dialect: Dialect): Token {
  for (;;) {
    text.take(/\s*/y)
    const char = text.peek()
    if (char === '') return END
    if (char === '-' && text.peek(1) === '-') text.until('\n')
    else if (char === '#' && dialect === 'mysql') text.until('\n')
    else if (char === '/' && text.peek(1) === '*') {
      if (!text.until('*/').closed) return { kind: 'sign', text: '/*' } // what is in it is lost
    } else return tokenAt(text, char, dialect)
  }
}

function tokenAt(text: Text, char: string, dialect: Dialect): Token {
  const mysql = dialect === 'mysql'
  if (char === "'" || (char === '"' && mysql)) return string(text, char, mysql ? MYSQL_ESCAPES : undefined)
  if (char === '"' || char === '`') return named(string(text, char))
  if (char === '[' && dialect === 'sqlite') {
    text.at++
    return named({ kind: 'string', text: text.until(']').text })
  }
  if (char === '$' && dialect === 'postgres') return dollarQuoted(text)
  if (/\d/.test(char)) return number(text.take(/[\w.]*/y) ?? '')
  if (!/[\w\u0080-\uffff]/.test(char)) {
    text.at++
    return { kind: 'sign', text: char }
  }
  const word = text.take(/[\w$\u0080-\uffff]*/y) ?? ''
  if (text.peek() !== "'") return { kind: 'word', text: word }
  if (/^x$/i.test(word)) return { ...string(text, "'"), kind: 'blob' }
  if (/^b$/i.test(word)) return string(text, "'") // a BIT column: its digits
  if (/^e$/i.test(word) && dialect === 'postgres') return string(text, "'", POSTGRES_ESCAPES)
  return { kind: 'word', text: word }
}

const named = ({ text }: Token): Token => (text === undefined ? END : { kind: 'name', text })

const number = (text: string): Token =>
  /^0x([0-9a-f]{2})*$/i.test(text) ? { kind: 'blob', text: text.slice(2) } : { kind: 'number', text }

/** From a quote to the one that closes it. Twice the quote is the quote itself. */
function string(text: Text, quote: string, escapes?: Record<string, string>): Token {
  const plain = { "'": [/[^']*/y, /[^'\\]*/y], '"': [/[^"]*/y, /[^"\\]*/y], '`': [/[^`]*/y, /[^`\\]*/y] }[quote]!
  const value = new Pieces()
  text.at++
  for (;;) {
    text.take(plain[escapes ? 1 : 0]!, value)
    const char = text.peek()
    if (char === '') return END
    text.at++
    if (char === '\\') {
      const escaped = text.peek()
      if (escaped === '') return END
      text.at++
      value.add(escapes![escaped] ?? escaped)
    } else if (text.peek() === quote) {
      text.at++
      value.add(quote)
    } else return { kind: 'string', text: value.whole }
  }
}

/** PostgreSQL 17 manual, section 4.1.2.4: `$tag$ anything $tag$`. */
function dollarQuoted(text: Text): Token {
  text.peek(64) // the longest name that PostgreSQL takes, in the window
  const start = /\$[A-Za-z_\u0080-\uffff]?\w*\$/y
  start.lastIndex = text.at
  const tag = start.exec(text.window)?.[0]
  text.at += tag?.length ?? 1
  if (tag === undefined) return { kind: 'sign', text: '$' }
  const { text: value, closed } = text.until(tag)
  return closed ? { kind: 'string', text: value } : END
}
