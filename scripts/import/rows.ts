export type Row = GoodRow | Broken

/** A row as a file has it. Positional formats share one `columns` among all rows. */
export type GoodRow = { line: number; columns: readonly string[]; cells: readonly unknown[] }

/** What stands where a row should be, and is none. */
export type Broken = { line: number; fault: Fault }

export type Fault = 'malformed_json' | 'malformed_csv' | 'row_too_long' | 'wrong_column_count' | 'truncated'

/** A cell that is an expression, or longer than anything that we need. It matters only where its column is wanted. */
export const UNREADABLE = Symbol('unreadable')

/** What keeps a whole file from being read. The message is for the person who ran the command. */
export class UnreadableFile extends Error {}

/** Which table of a file that has several: the one that was named, or the one called as such tables are. */
export class TableChoice {
  readonly #named: string | undefined
  readonly #seen = new Set<string>()
  #chosen: string | undefined

  constructor(named: string | undefined) {
    this.#named = named?.toLowerCase()
  }

  /** @throws UnreadableFile when two tables could be meant */
  wants(path: readonly string[]): boolean {
    const [full, last] = [path.join('.').toLowerCase(), path.at(-1)?.toLowerCase() ?? '']
    if (this.#seen.size < 50) this.#seen.add(full)
    const fits = this.#named === undefined ? last === 'users' || last === 'user' : [full, last].includes(this.#named)
    if (!fits) return false
    if (this.#chosen !== undefined && this.#chosen !== full) {
      throw new UnreadableFile(`Both ${this.#chosen} and ${full} could be meant. Choose one with --table.`)
    }
    this.#chosen = full
    return true
  }

  /** @throws UnreadableFile when none fitted */
  assertFound(): void {
    if (this.#chosen !== undefined) return
    const tables = [...this.#seen].join(', ') || 'none'
    throw new UnreadableFile(`There is no table ${this.#named ?? 'users'}. Tables: ${tables}. Choose one with --table.`)
  }
}
