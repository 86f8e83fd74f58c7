import { sql } from '../lib/sql.ts'
import { all } from './d1.ts'
import { type ExpiringSet, expiringSet } from './expiring-set.ts'
import { Problem } from './problem.ts'

/**
 * The sessions that were revoked while a token of theirs may live, as this isolate knows them. Plain data: a request
 * must never await what another request does, because that one's end may leave it hanging for ever.
 */
type RevokedSet = {
  /** Each until the last token of it has expired. */
  sessions: ExpiringSet
  /** The newest row of `revocations` that was read. */
  last: Row | undefined
  /** Milliseconds; 0 is never. */
  loadedAt: number
  failedAt: number
  /** When the request that is loading now began to, 0 if none is. It may be gone without having said so. */
  loadingSince: number
  prunedAt: number
}

/** While D1 fails, a set this old still decides; an older one is worth nothing. Milliseconds. */
const MAX_AGE_WITHOUT_D1 = 60_000

/** How long a request leaves the loading of a page to another one before it loads by itself. Milliseconds. */
const PATIENCE = 1_000
const POLL = 5

/** After a failed load, how long the old set is used without asking again. Milliseconds. */
const RETRY_AFTER_FAILURE = 1_000

const PAGE_ROWS = 10_000

/** How often tokens that have expired by themselves are forgotten. Milliseconds. */
const PRUNE_EVERY = 600_000

const sets = new WeakMap<D1Database, RevokedSet>()

type Row = { id: number; session_id: string; until: number }

type Scope = { db: D1Database; maxAgeSeconds: number; waitUntil: (work: Promise<unknown>) => void }

/**
 * Whether a session is among the revoked, as of at most `maxAgeSeconds` ago. Costs no database call while the set is
 * younger than half of that; then one request refreshes it after its answer; past the whole, requests wait for it.
 * @throws Problem `unavailable` when D1 has not answered for a minute
 */
export async function isRevoked({ db, maxAgeSeconds, waitUntil }: Scope, session_id: string): Promise<boolean> {
  const set = setOf(db)
  const age = ageOf(set)
  if (age > maxAgeSeconds * 1000) await ensureLoaded(db, set, maxAgeSeconds * 1000)
  else if (age > (maxAgeSeconds * 1000) / 2 && !isLoading(set)) waitUntil(load(db, set))
  return set.sessions.has(session_id)
}

/** Makes what this isolate has just revoked count here at once; others learn it when they load. */
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

/** A clock that was set back makes what lies ahead of it old, not young for ever. */
const millisecondsFrom = (at: number): number => Math.abs(Date.now() - at)

const ageOf = (set: RevokedSet): number => millisecondsFrom(set.loadedAt)

const isLoading = (set: RevokedSet): boolean => millisecondsFrom(set.loadingSince) < PATIENCE

/** Adds what was revoked since the last load. Never throws: a failure is logged, and the set stays as old as it is. */
async function load(db: D1Database, set: RevokedSet): Promise<void> {
  const startedAt = (set.loadingSince = Date.now())
  try {
    let page = await pageFrom(db, set.last?.id ?? 0)
    // The last row comes back too. Where it does not, the database was restored to an earlier time and has given, or
    // will give, these ids to other sessions: then everything is read anew.
    if (set.last !== undefined && page[0]?.session_id !== set.last.session_id) {
      set.last = undefined
      page = await pageFrom(db, 0)
    }
    take(set, page)
    while (page.length === PAGE_ROWS) {
      set.loadingSince = Date.now() // alive: others go on waiting
      page = await pageFrom(db, page.at(-1)!.id + 1)
      take(set, page)
    }
    set.loadedAt = startedAt
    if (startedAt - set.prunedAt > PRUNE_EVERY) {
      set.sessions.prune(startedAt / 1000)
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

/** The rows from an id on, that row included: one answer of D1 is bounded. */
const pageFrom = (db: D1Database, id: number): Promise<Row[]> =>
  all(db, sql`SELECT id, session_id, until FROM revocations WHERE id >= ${id} ORDER BY id LIMIT ${PAGE_ROWS}`)

/** Page by page, so that what an isolate must learn when it starts never lies in its memory twice. */
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
