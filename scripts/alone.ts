import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Longer than a million rows take. */
const PATIENCE_MS = 60 * 60 * 1000
/** Two that begin in the same moment meet on the way to the lock, and SQLite may refuse both. Neither has it then. */
const COLLISION_MS = 200

/**
 * Runs `use` while no other process does the same (`what`) to the same local data. If another one does, calls `waiting`,
 * then waits. The lock is SQLite's, on a file of its own. The system releases it when the process ends, however that
 * happens.
 */
export async function alone<T>(
  persistTo: string,
  what: string,
  use: () => Promise<T>,
  waiting: () => void = () => {},
): Promise<T> {
  mkdirSync(persistTo, { recursive: true })
  const lock = new DatabaseSync(join(persistTo, `${what}.lock`))
  try {
    if (!tryLock(lock, COLLISION_MS)) {
      waiting()
      if (!tryLock(lock, PATIENCE_MS)) throw new Error('another process did not come to an end')
    }
    return await use()
  } finally {
    lock.close()
  }
}

function tryLock(lock: DatabaseSync, patience: number): boolean {
  try {
    lock.exec(`PRAGMA busy_timeout = ${patience}; BEGIN EXCLUSIVE`)
    return true
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return false
    throw error
  }
}

const SQLITE_BUSY = 5
