import bcrypt from 'bcryptjs'
import { config } from '../src/config.ts'
import { refreshToken } from '../src/core/sessions/refresh-tokens.ts'
import { accessToken } from '../src/core/tokens/tokens.ts'
import { now } from '../src/lib/time.ts'
import { JWT_SECRET_KEY, LATCHKEY_SECRET, PUBLIC_URL } from './server.ts'

/** Whoever is seeded has this password, and an address by number, from 1 on. */
export const PASSWORD = 'correct.horse.battery'
export const emailOf = (person: number): string => `person${person}@example.com`

const CHUNK = 50_000

const settings = config({ JWT_SECRET_KEY, LATCHKEY_SECRET })

/** What `contenders/free-bcrypt.ts` takes for a hash of the password at cost 10. */
export const freeHash = `$2b$10$${PASSWORD.padStart(53, '.')}`
export const hashAt = (cost: number): Promise<string> => bcrypt.hash(PASSWORD, cost)

/** People with one session each, all of whom have the same hash. `refreshed_at` is long enough ago to be renewed. */
export async function seed(db: D1Database, people: number, hash: string): Promise<void> {
  const at = now()
  for (let from = 1; from <= people; from += CHUNK) {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL
      SELECT i + 1 FROM n WHERE i < ${Math.min(from + CHUNK - 1, people)})`
    const users = `INSERT INTO users (id, email, hashed_password) ${numbers} SELECT i, 'person' || i || '@example.com', ? FROM n`
    const sessions = `INSERT INTO sessions
      (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, ip, country, user_agent)
      ${numbers} SELECT ${SESSION_ID}, i, ${at}, ${at}, ${at - 3_600}, ${at + 86_400}, ${at + 86_400}, NULL, NULL, NULL FROM n`
    await db.batch([db.prepare(users).bind(hash), db.prepare(sessions)])
  }
  await db.exec('ANALYZE')
}

/** Revocations of sessions that nobody here has. */
export async function seedRevocations(db: D1Database, count: number): Promise<void> {
  for (let from = 1; from <= count; from += CHUNK) {
    const last = Math.min(from + CHUNK - 1, count)
    const numbers = `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`
    const rows = `${numbers} SELECT 'revoked' || printf('%015d', i), ${now() + 86_400} FROM n`
    await db.prepare(`INSERT INTO revocations (session_id, until) ${rows}`).run()
  }
}

/** Ids of sessions as scattered as real ones: multiplication by an odd number visits all of 2^32 once. */
const FACTOR = 2_654_435_761
const SESSION_ID = `printf('%08x', (i * ${FACTOR}) % 4294967296) || '0000000000000A'`
const sessionOf = (person: number): string =>
  `${((BigInt(person) * BigInt(FACTOR)) % 2n ** 32n).toString(16).padStart(8, '0')}0000000000000A`

/** An access token for each of these people's sessions, good for a day, as a service with these settings signs it. */
export function accessTokens(people: number[], vars: object = {}): Promise<string[]> {
  const own = config({ JWT_SECRET_KEY, LATCHKEY_SECRET, PUBLIC_URL, ...vars })
  const at = now()
  const grant = { auth_time: at, expires_at: at + 86_400, roles: [], acr: 'aal1' as const, amr: ['pwd'] }
  const sign = async (person: number) =>
    (await accessToken({ ...grant, id: sessionOf(person), user_id: person }, own, at)).token
  return Promise.all(people.map(sign))
}

/**
 * Refresh tokens that all rotate when they are shown in this order: one of each person, then the next one of each. Their
 * generations go up by two, as if the database were a step behind; the very next one would wait for the grace to end.
 */
export function refreshTokens(people: number[], count: number): Promise<string[]> {
  const tokens = Array.from({ length: count }, (_, i) => {
    const session_id = sessionOf(people[i % people.length]!)
    return refreshToken({ session_id, generation: 2 * Math.floor(i / people.length) }, settings)
  })
  return Promise.all(tokens)
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

/** Some of all people, far from each other. */
export const spread = (count: number, all: number): number[] =>
  range(count).map((i) => 1 + Math.floor(((i - 1) * all) / count))
