import { setTimeout as sleep } from 'node:timers/promises'

/** Below the deadline of `core/d1.ts`. */
const PATIENCE_MS = 3_000
const POLL_MS = 25

type Statement = {
  statement: D1PreparedStatement
  bind: (...values: unknown[]) => Statement
  first: () => Promise<unknown>
  all: () => Promise<unknown>
  run: () => Promise<unknown>
}

/** Nothing ran. */
const REFUSED = /SQLITE_BUSY/

/** The same lock, met when the answer was about to go out: enough where a statement may run twice. */
const REFUSED_OR_LOST = /SQLITE_BUSY|session commit token/

/**
 * A local database that another process may be writing to, such as `npm run dev`: workerd does not wait for SQLite's
 * lock. What was refused for it did not run, so it is asked again.
 */
export const patientD1 = (db: D1Database): D1Database =>
  ({
    prepare: (text: string) => wrapped(db.prepare(text)),
    batch: (list: Statement[]) => untilFree(REFUSED, () => db.batch(list.map(({ statement }) => statement))),
  }) as unknown as D1Database

/** The same database for batches that may be done twice. */
export const repeatable = (db: D1Database): D1Database =>
  ({
    prepare: (text: string) => db.prepare(text),
    batch: (list: D1PreparedStatement[]) => untilFree(REFUSED_OR_LOST, () => db.batch(list)),
  }) as unknown as D1Database

/** Alone, the command line only reads, or does what may be done twice; every change is a batch. */
const wrapped = (statement: D1PreparedStatement): Statement => ({
  statement,
  bind: (...values) => wrapped(statement.bind(...values)),
  first: () => untilFree(REFUSED_OR_LOST, () => statement.first()),
  all: () => untilFree(REFUSED_OR_LOST, () => statement.all()),
  run: () => untilFree(REFUSED_OR_LOST, () => statement.run()),
})

async function untilFree<T>(lock: RegExp, call: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    try {
      return await call()
    } catch (error) {
      if (!lock.test(String(error)) || Date.now() > end) throw error
    }
  }
}
