import { copiedRow } from './copy.ts'
import type { Text } from './input.ts'
import { type Row, type TableChoice, UNREADABLE } from './rows.ts'
import { type Dialect, nextToken, type Token } from './sql-tokens.ts'

/** Words that begin a constraint in CREATE TABLE, and not a column. */
const RULES = /^(constraint|primary|unique|check|foreign|key|index|fulltext|spatial|exclude|like|period)$/i

/**
 * The rows that a dump inserts into the chosen table, by INSERT, REPLACE or COPY. If a statement names no columns, they are
 * those of the dump's own CREATE TABLE. Statements inside a trigger or a routine insert nothing.
 * @throws UnreadableFile when the table is not clear
 */
export function* sqlRows(text: Text, dialect: Dialect, table: TableChoice): Generator<Row> {
  const columnsOf = new Map<string, string[]>()
  const next = () => nextToken(text, dialect)
  /** The database that the statements are for, in a dump of several. */
  let database: string | undefined

  for (let token = next(); token.kind !== 'end'; token = next()) {
    const { line } = text
    if (is(token, 'insert') || is(token, 'replace')) yield* inserted()
    else if (is(token, 'copy')) yield* copied()
    else if (is(token, 'create')) yield* created(line)
    else if (is(token, 'use')) database = next().text ?? ''
    else if (is(token, 'delimiter')) skipDelimited()
    else if (token.text === '\\')
      database = /^connect\s+"?([^\s"]+)/.exec(text.until('\n').text ?? '')?.[1] ?? database // a command for psql
    else if (sign(token, '(')) {
      yield { line, fault: 'unknown_statement' }
      skip(token)
    } else if (token.text !== ';' && !skip(next())) yield { line, fault: 'truncated' }
  }
  table.assertFound()

  /** Skips to the end of a statement. False if the file ends first. */
  function skip(token: Token): boolean {
    while (token.kind !== 'end' && !sign(token, ';')) token = next()
    return token.kind !== 'end'
  }

  function* created(line: number): Generator<Row> {
    let token = next()
    const isKind = () => token.kind === 'word' && /^(table|trigger|function|procedure|event|view)$/i.test(token.text)
    while (token.kind !== 'end' && !isKind() && !sign(token, ';') && !sign(token, '(')) token = next()
    if (is(token, 'table')) {
      token = next()
      while (is(token, 'if') || is(token, 'not') || is(token, 'exists')) token = next()
      const name = path(token)
      table.exists(name.path)
      if (sign(name.after, '(')) columnsOf.set(name.path.join('.').toLowerCase(), listed(RULES))
      else if (sign(name.after, ';')) return
      if (!skip(next())) yield { line, fault: 'truncated' }
      return
    }
    if (!/^(trigger|function|procedure|event)$/i.test(token.text ?? '')) {
      if (!skip(token)) yield { line, fault: 'truncated' }
      return
    }
    let [depth, last] = [0, token]
    for (; token.kind !== 'end' && (depth > 0 || !sign(token, ';')); [last, token] = [token, next()]) {
      // In PostgreSQL only `BEGIN ATOMIC` has statements after it; other words are names, also where nobody quotes them.
      const opens =
        dialect === 'postgres' && depth === 0 ? is(last, 'begin') && is(token, 'atomic') : is(token, 'begin')
      if (opens || (is(token, 'case') && (depth > 0 || dialect !== 'postgres'))) depth++
      else if (is(token, 'end')) depth = Math.max(depth - 1, 0)
    }
    if (token.kind === 'end') yield { line, fault: 'truncated' }
  }

  /** After the opening parenthesis: the first word of each item at depth 1, without what `rules` matches. */
  function listed(rules = /^$/): string[] {
    const columns: string[] = []
    let [depth, first] = [1, true]
    for (let token = next(); token.kind !== 'end' && depth > 0;) {
      if (sign(token, '(')) depth++
      else if (sign(token, ')')) depth--
      else if (first && token.text !== undefined && (token.kind !== 'word' || !rules.test(token.text))) {
        columns.push(token.text)
      }
      first = depth === 1 && sign(token, ',')
      if (depth > 0) token = next()
    }
    return columns
  }

  /** A qualified name, and the token that follows. */
  function path(token: Token): { path: string[]; after: Token } {
    const names = [token.text ?? '']
    let after = next()
    while (sign(after, '.')) {
      names.push(next().text ?? '')
      after = next()
    }
    const qualified = database === undefined || (dialect === 'mysql' && names.length > 1)
    return { path: qualified ? names : [database!, ...names], after }
  }

  /** The columns that the statement names, or else those of the table, and the token that follows. */
  function columnList(name: { path: string[]; after: Token }): { columns: string[] | undefined; after: Token } {
    if (!sign(name.after, '(')) return { columns: columnsOf.get(name.path.join('.').toLowerCase()), after: name.after }
    return { columns: listed(), after: next() }
  }

  function* inserted(): Generator<Row> {
    let { line } = text
    let token = next()
    while (token.kind === 'word' && MODIFIERS.test(token.text)) token = next()
    if (token.kind === 'end') return yield { line, fault: 'truncated' }
    const name = path(is(token, 'into') ? next() : token)
    if (!table.wants(name.path)) {
      if (!skip(name.after)) yield { line, fault: 'truncated' }
      return
    }
    const { columns = [], after } = columnList(name)
    token = after
    while (token.kind === 'word' && !is(token, 'values')) token = next() // OVERRIDING SYSTEM VALUE
    token = is(token, 'values') ? next() : token
    if (!sign(token, '(')) {
      yield { line, fault: 'unknown_statement' }
      skip(token)
      return
    }
    for (; sign(token, '('); token = sign(token, ',') ? next() : token) {
      line = text.line
      const { cells, closed } = tuple()
      if (!closed) return yield { line, fault: 'truncated', columns, cells }
      if (cells.length === columns.length) yield { line, columns, cells }
      else yield { line, fault: 'wrong_column_count', columns, cells }
      token = next()
    }
    if (!skip(token)) yield { line, fault: 'truncated' }
  }

  /** The cells after an opening parenthesis. Not `closed` if the file ends inside. */
  function tuple(): { cells: unknown[]; closed: boolean } {
    const cells: unknown[] = []
    let [depth, cell]: [number, Token[]] = [0, []]
    for (;;) {
      const token = next()
      if (token.kind === 'end') return { cells, closed: false }
      if (depth === 0 && (sign(token, ',') || sign(token, ')'))) {
        cells.push(cellOf(cell))
        cell = []
        if (sign(token, ')')) return { cells, closed: true }
        continue
      }
      depth += sign(token, '(') ? 1 : sign(token, ')') ? -1 : 0
      if (cell.length < 4) cell.push(token)
    }
  }

  function* copied(): Generator<Row> {
    const { line } = text
    const name = path(next())
    const { columns = [], after } = columnList(name)
    if (!skip(after)) return yield { line, fault: 'truncated' }
    text.until('\n')
    const wanted = table.wants(name.path)
    for (;;) {
      const row = copiedRow(text, columns)
      if (row === undefined) return
      if (wanted || ('fault' in row && row.fault === 'truncated')) yield row
      if ('fault' in row && row.fault === 'truncated') return
    }
  }

  /** mysqldump writes routines between `DELIMITER ;;` and `DELIMITER ;`. */
  function skipDelimited(): void {
    if (text.until('\n').text?.trim() === ';') return
    for (;;) {
      const { text: line, closed } = text.until('\n')
      if (!closed || /^\s*delimiter\s+;\s*$/i.test(line ?? '')) return
    }
  }
}

/** What may stand between INSERT and INTO, which MySQL lets one leave out. */
const MODIFIERS = /^(low_priority|delayed|high_priority|ignore|or|replace|rollback|abort|fail)$/i

const is = (token: Token, word: string): boolean => token.kind === 'word' && token.text.toLowerCase() === word
const sign = (token: Token, char: string): boolean => token.kind === 'sign' && token.text === char

/** A literal is its value. Any other expression would have to be computed. */
function cellOf(tokens: Token[]): unknown {
  let [first, second, third] = tokens
  if (first?.kind === 'word' && first.text.startsWith('_') && second?.kind === 'string') {
    ;[first, second, third] = [second, third, tokens[3]] // MySQL's character set, as in _utf8mb4 'text'
  }
  if (first && sign(first, '-') && second?.kind === 'number' && !third) return `-${second.text}`
  if (!first || (second && !(sign(second, ':') && third && sign(third, ':')))) return UNREADABLE
  if (first.kind === 'string' || first.kind === 'number') return first.text ?? UNREADABLE
  if (first.kind === 'blob') return first.text === undefined ? UNREADABLE : Buffer.from(first.text, 'hex')
  if (is(first, 'null')) return null
  return is(first, 'true') || is(first, 'false') ? is(first, 'true') : UNREADABLE
}
