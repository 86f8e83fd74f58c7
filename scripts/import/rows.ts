export type Row = GoodRow | Broken

/** A row as a file has it. Positional formats share one `columns` among all rows. */
export type GoodRow = { line: number; columns: readonly string[]; cells: readonly unknown[] }

/**
 * What stands in the place of a row, and cannot be read as one: the cells that could still be told apart, and the text. If
 * the text is too long, only its two ends are kept.
 */
export type Broken = {
  line: number
  fault: Fault
  columns?: readonly string[]
  cells?: readonly unknown[]
  text?: string
}

export type Fault =
  | 'malformed_json'
  | 'malformed_csv'
  | 'repeated_member'
  | 'row_too_long'
  | 'wrong_column_count'
  | 'truncated'
  | 'unknown_statement'

/** A cell that is an expression, or longer than anything that we need. It matters only if its column is needed. */
export const UNREADABLE = Symbol('unreadable')

/** What keeps a whole file from being read. The message is for the person who ran the command. */
export class UnreadableFile extends Error {}

/** Chooses the table in a file that has several: the one that was named, or else `users` or `user`. */
export class TableChoice {
  readonly #named: string | undefined
  readonly #seen = new Set<string>()
  #chosen: string | undefined
  #found = false

  constructor(named: string | undefined) {
    this.#named = named?.toLowerCase()
  }

  /** Notes a table that may have no rows, so that an empty one is found, too. */
  exists(path: readonly string[]): void {
    this.#fits(path)
  }

  /** @throws UnreadableFile when two tables could be meant */
  wants(path: readonly string[]): boolean {
    if (!this.#fits(path)) return false
    const full = path.join('.').toLowerCase()
    if (this.#chosen !== undefined && this.#chosen !== full) {
      throw new UnreadableFile(`Both ${this.#chosen} and ${full} could be meant. Choose one with --table.`)
    }
    this.#chosen = full
    return true
  }

  #fits(path: readonly string[]): boolean {
    const [full, last] = [path.join('.').toLowerCase(), path.at(-1)?.toLowerCase() ?? '']
    if (this.#seen.size < 50) this.#seen.add(full)
    const fits = this.#named === undefined ? last === 'users' || last === 'user' : [full, last].includes(this.#named)
    this.#found ||= fits
    return fits
  }

  /** @throws UnreadableFile when none fitted */
  assertFound(): void {
    if (this.#found) return
    const tables = [...this.#seen].join(', ') || 'none'
    throw new UnreadableFile(`There is no table ${this.#named ?? 'users'}. Tables: ${tables}. Choose one with --table.`)
  }
}
