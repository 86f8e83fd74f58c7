import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

export type Earlier = { line: number; by: 'id' | 'email' }

/**
 * Which ids and addresses of the file have a place already: the rules of `users`, in a temporary file, so that a million
 * rows need no memory, and a trial run finds the same as the real one. No hash goes in.
 */
export class Ledger {
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-import-'))
  readonly #db = new DatabaseSync(join(this.#folder, 'ledger.sqlite'))
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

  /** Takes a place, unless an earlier row has it: that one is given back. */
  add(line: number, id: string | null, email: string): Earlier | undefined {
    return this.#add.run(line, id, email).changes === 1 ? undefined : this.find(id, email)
  }

  find(id: string | null, email: string): Earlier | undefined {
    const row = this.#find.get(id, email)
    return row && { line: Number(row['line']), by: id !== null && row['same_id'] === 1 ? 'id' : 'email' }
  }

  close(): void {
    this.#db.close()
    rmSync(this.#folder, { recursive: true })
  }
}
