import { sql } from '../../lib/sql.ts'
import { all } from '../d1.ts'
import { type ExpiringSet, expiringSet } from './expiring-set.ts'
import { Problem } from '../../problem.ts'

/**
 * The revoked sessions that may still have a valid token, as this isolate knows them. It holds plain data, not
 * promises: a request must never await another request's work, because it may hang forever when the other request ends.
 */
type RevokedSet = {
  /** Each id is kept until the last token of its session has expired. */
  sessions: ExpiringSet
  /** The newest row of `revocations` that was read. */
  last: Row | undefined
  /** Milliseconds; 0 means never. */
  loadedAt: number
  failedAt: number
  /**
   * When the current loading request started, or 0 if there is none. That request may have ended without resetting it.
   */
  loadingSince: number
  prunedAt: number
}

/** Milliseconds. While D1 fails, a set up to this age is still used; an older one is not trusted. */
const MAX_AGE_WITHOUT_D1 = 60_000

/** Milliseconds. How long a request waits for another one to load a page before it loads by itself. */
const PATIENCE = 1_000
const POLL = 5

/** Milliseconds. How long the old set is used after a failed load before the next attempt. */
const RETRY_AFTER_FAILURE = 1_000

const PAGE_ROWS = 10_000

/** Milliseconds. How often expired tokens are removed from the set. */
const PRUNE_EVERY = 600_000

/**
 * Seconds. How long a revocation is remembered after the last token of its session has expired. This covers a clock
 * that ran ahead: if it was ahead by less than this while the cleanup ran, no logged-out token is accepted. The cost is
 * a row, and 12 bytes in every isolate, for each session that ends early in these two days.
 */
export const REVOCATION_MARGIN_SECONDS = 2 * 86_400

const sets = new WeakMap<D1Database, RevokedSet>()

type Row = { id: number; session_id: string; until: number }

type Scope = { db: D1Database; maxAgeSeconds: number; waitUntil: (work: Promise<unknown>) => void }

/**
 * Whether a session is revoked, as of at most `maxAgeSeconds` ago. While the set is younger than half of that, this
 * needs no database call. After half, one request refreshes the set after its response. After the whole, requests wait
 * for the refresh.
 * @throws Problem `unavailable` when D1 has not answered for a minute
 */
export async function isRevoked({ db, maxAgeSeconds, waitUntil }: Scope, session_id: string): Promise<boolean> {
  const set = setOf(db)
  const age = ageOf(set)
  if (age > maxAgeSeconds * 1000) await ensureLoaded(db, set, maxAgeSeconds * 1000)
  else if (age > (maxAgeSeconds * 1000) / 2 && !isLoading(set)) waitUntil(load(db, set))
  return set.sessions.has(session_id)
}

/** Applies revocations by this isolate here at once. Other isolates learn of them at their next load. */
export function noteRevoked(db: D1Database, sessions: { id: string; tokens_until: number }[]): void {
  for (const { id, tokens_until } of sessions) setOf(db).sessions.add(id, tokens_until)
}

async function ensureLoaded(db: D1Database, set: RevokedSet, maxAge: number): Promise<void> {
  const settled = () => ageOf(set) <= maxAge || millisecondsFrom(set.failedAt) < RETRY_AFTER_FAILURE
  for (let waited = 0, seen = 0; isLoading(set) && waited < PATIENCE && !settled(); waited += POLL) {
    await scheduler.wait(POLL)
    if (set.loadingSince !== seen) [seen, waited] = [set.loadingSince, 0]
  }
  if (!settled()) await load(db, set)
  if (ageOf(set) > Math.max(MAX_AGE_WITHOUT_D1, maxAge))
    throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
}

/** If the clock was set back, a time in the future counts as old instead of staying young forever. */
const millisecondsFrom = (at: number): number => Math.abs(Date.now() - at)

const ageOf = (set: RevokedSet): number => millisecondsFrom(set.loadedAt)

const isLoading = (set: RevokedSet): boolean => millisecondsFrom(set.loadingSince) < PATIENCE

/**
 * Adds the sessions that were revoked since the last load. Never throws: a failure is logged, and the set keeps its
 * age.
 */
async function load(db: D1Database, set: RevokedSet): Promise<void> {
  const startedAt = (set.loadingSince = Date.now())
  try {
    let page = await pageFrom(db, set.last?.id ?? 0)
    // The last known row is read again. If it is missing, the database was restored to an earlier time, and its ids are
    // or will be reused for other sessions. Then everything is read again.
    if (set.last !== undefined && page[0]?.session_id !== set.last.session_id) {
      set.last = undefined
      page = await pageFrom(db, 0)
    }
    take(set, page)
    while (page.length === PAGE_ROWS) {
      set.loadingSince = Date.now() // still alive: others keep waiting
      page = await pageFrom(db, page.at(-1)!.id + 1)
      take(set, page)
    }
    set.loadedAt = startedAt
    if (startedAt - set.prunedAt > PRUNE_EVERY) {
      set.sessions.prune(startedAt / 1000 - REVOCATION_MARGIN_SECONDS)
      set.prunedAt = startedAt
    }
  } catch (error) {
    set.failedAt = Date.now()
    const age_ms = set.loadedAt === 0 ? null : set.failedAt - set.loadedAt
    console.error(JSON.stringify({ level: 'error', code: 'revocations_not_loaded', age_ms, reason: String(error) }))
  } finally {
    set.loadingSince = 0
  }
}

/** The rows from an id on, including that row. Paged, because D1 limits the size of a response. */
const pageFrom = (db: D1Database, id: number): Promise<Row[]> =>
  all(db, sql`SELECT id, session_id, until FROM revocations WHERE id >= ${id} ORDER BY id LIMIT ${PAGE_ROWS}`)

/** Page by page, so that a starting isolate never holds all rows twice. */
function take(set: RevokedSet, page: Row[]): void {
  for (const { session_id, until } of page) set.sessions.add(session_id, until)
  set.last = page.at(-1) ?? set.last
}

function setOf(db: D1Database): RevokedSet {
  let set = sets.get(db)
  if (!set) {
    set = { sessions: expiringSet(), last: undefined, loadedAt: 0, failedAt: 0, loadingSince: 0, prunedAt: 0 }
    sets.set(db, set)
  }
  return set
}
