import { createScheduledController } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { type MockInstance, vi } from 'vitest'
import { config } from '../src/config.ts'
import { startSession } from '../src/core/sessions.ts'
import { findUser } from '../src/core/users.ts'
import { tokenAnswer } from '../src/http/sign-in.ts'
import worker from '../src/index.ts'
import { sql } from '../src/lib/sql.ts'
import { ENV, insertUser, mails, now, PASSWORD } from './support.ts'

export type Tokens = { token: string; refresh_token: string; sid: string }
export type Member = { id: number; email: string } & Tokens

let hashOfPassword: string | undefined

/** A user whose password is `PASSWORD`, and a session of theirs, without the time that hashing and a login take. */
export async function member(row: Parameters<typeof insertUser>[0] = {}): Promise<Member> {
  hashOfPassword ??= await bcrypt.hash(PASSWORD, 10)
  const user = await insertUser({ hashed_password: hashOfPassword, password_set_at: now(), ...row })
  return { ...user, ...(await sessionFor(user.id)) }
}

/** A member who may administer. */
export async function administrator(row: Parameters<typeof insertUser>[0] = {}): Promise<Member> {
  const admin = await member(row)
  await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(admin.id).run()
  return admin
}

/** A session as a login starts it, and its tokens. */
export async function sessionFor(id: number): Promise<Tokens> {
  const settings = config(ENV)
  const client = { ip: null, country: null, user_agent: null, language: 'en', request_id: 'test' } as const
  const user = (await findUser(env.DB, sql`id = ${id}`))!
  const grant = await startSession(env.DB, settings, { user, client, now: now() })
  const { access_token: token, refresh_token } = await tokenAnswer(grant, settings, now())
  return { token, refresh_token, sid: grant.id }
}

/** Every row of every table: what a copy of the database shows. */
export async function dump(): Promise<Record<string, Record<string, unknown>[]>> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'`,
  ).all<{ name: string }>()
  const reading = results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`))
  const tables = await env.DB.batch<Record<string, unknown>>(reading)
  return Object.fromEntries(results.map(({ name }, i) => [name, tables[i]!.results]))
}

/** What cron does every minute. */
export const runCron = (own: Env = ENV): Promise<void> => worker.scheduled(createScheduledController(), own)

export const mailsTo = (address: string) => mails.filter(({ to }) => to === address)
export const subjectsTo = (address: string) => mailsTo(address).map(({ subject }) => subject.replace(/^Latchkey: /, ''))

/** The kinds of the mails to an address that nobody has sent yet. */
export async function waitingFor(address: string): Promise<string[]> {
  const query = env.DB.prepare('SELECT kind FROM outbox WHERE recipient = ?').bind(address)
  return (await query.all<{ kind: string }>()).results.map(({ kind }) => kind)
}

type Event = { event: string; reason: string | null }

/** What the audit trail knows of a user, the oldest first; a reason after a colon. */
export async function eventsOf(user_id: number): Promise<string[]> {
  const query = env.DB.prepare('SELECT event, reason FROM audit_events WHERE user_id = ? ORDER BY id').bind(user_id)
  return (await query.all<Event>()).results.map(({ event, reason }) =>
    reason === null ? event : `${event}: ${reason}`,
  )
}

export type UserRow = {
  id: number
  email: string
  hashed_password: string | null
  password_set_at: number | null
  email_verified: number
  disabled_at: number | null
  roles: string
  language: string | null
}

export const userAt = (email: string): Promise<UserRow | null> =>
  env.DB.prepare('SELECT * FROM users WHERE canonical_email = lower(?)').bind(email).first<UserRow>()

/** The purposes of the links that a user could still open. */
export async function linksOf(user_id: number): Promise<string[]> {
  const query = env.DB.prepare('SELECT purpose FROM one_time_tokens WHERE user_id = ? ORDER BY purpose').bind(user_id)
  return (await query.all<{ purpose: string }>()).results.map(({ purpose }) => purpose)
}

/** Everything of an answer that its reader sees, but for what is of this one request. */
export async function seen(answer: Response) {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
  const text = (await answer.text()).replace(/"request_id":"[^"]+"/, '')
  return { status: answer.status, headers, text }
}

/** For tests of what happens between many requests, not inside bcrypt: hashes that take a millisecond. */
export function hashCheaply() {
  const hash = bcrypt.hash.bind(bcrypt)
  const spy = vi.spyOn(bcrypt, 'hash') as unknown as MockInstance<(password: string) => Promise<string>>
  return spy.mockImplementation((password) => hash(password, 4))
}
