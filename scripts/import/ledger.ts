import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type Earlier = { line: number; by: 'id' | 'email' }

/**
 * Remembers which ids and addresses of the file are taken, by the rules of `users`, so that a dry run finds the same as the
 * real one. It is a temporary file, so a million rows need no memory. No hash goes in.
 */
export class Ledger {
  /** SQLite's own temporary database. Its file has no name, so it goes with the process, however that ends. */
  readonly #db = new DatabaseSync('')
  readonly #add: StatementSync
  readonly #find: StatementSync

  constructor() {
    this.#db.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;
      CREATE TABLE rows (line INTEGER NOT NULL, id TEXT UNIQUE, email TEXT NOT NULL UNIQUE) STRICT; BEGIN`)
    this.#add = this.#db.prepare('INSERT INTO rows (line, id, email) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
    this.#find = this.#db.prepare(
      'SELECT line, id IS ?1 AS same_id FROM rows WHERE id = ?1 OR email = ?2 ORDER BY same_id DESC LIMIT 1',
    )
  }

  /** Takes the id and the address. Returns the earlier row that has one of them, if there is one. */
  add(line: number, id: string | null, email: string): Earlier | undefined {
    return this.#add.run(line, id, email).changes === 1 ? undefined : this.find(id, email)
  }

  find(id: string | null, email: string): Earlier | undefined {
    const row = this.#find.get(id, email)
    return row && { line: Number(row['line']), by: id !== null && row['same_id'] === 1 ? 'id' : 'email' }
  }

  close(): void {
    this.#db.close()
  }
}
