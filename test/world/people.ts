import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import { commit, newSession, startSession } from '../../src/core/sessions/sessions.ts'
import { findUser } from '../../src/core/users/users.ts'
import { tokenAnswer } from '../../src/signing-in/tokens.ts'
import { sql } from '../../src/lib/sql.ts'
import { now } from '../../src/lib/time.ts'
import { callBy } from './calls.ts'
import { PASSWORD_HASH } from './passwords.ts'
import { login } from './requests.ts'

let serial = 0

/**
 * An address that no user has and no earlier test used. `reset()` clears only objects that are in memory, so counts of
 * another file may still exist for a name.
 */
export const nobody = (): string => `nobody${++serial}@example.com`

type Row = {
  email?: string
  hashed_password?: string | null
  password_set_at?: number
  disabled_at?: number
  email_verified?: number
}

/** A new user for a test, with `PASSWORD` unless a hash is given. */
export async function insertUser(row: Row = {}): Promise<{ id: number; email: string }> {
  const email = row.email ?? `user${++serial}@example.com`
  const columns = { hashed_password: PASSWORD_HASH, ...row, email }
  const names = Object.keys(columns)
  const id = await env.DB.prepare(
    `INSERT INTO users (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) RETURNING id`,
  )
    .bind(...Object.values(columns))
    .first<number>('id')
  return { id: id!, email }
}

/** A signed-in user and the access token. */
export async function signedIn(): Promise<{ id: number; email: string; token: string }> {
  const user = await insertUser()
  const answer = await login(user.email)
  expect(answer.status).toBe(200)
  const { access_token: token } = await answer.json<{ access_token: string }>()
  return { ...user, token }
}

export type Tokens = { token: string; refresh_token: string; sid: string }
export type Member = { id: number; email: string } & Tokens

/** A user with the password `PASSWORD` and a session, without the time that hashing and a login take. */
export async function member({ disabled_at, ...row }: Row = {}): Promise<Member> {
  const user = await insertUser({ password_set_at: now(), ...row })
  const tokens = await sessionFor(user.id)
  if (disabled_at !== undefined) {
    await env.DB.prepare('UPDATE users SET disabled_at = ? WHERE id = ?').bind(disabled_at, user.id).run()
  }
  return { ...user, ...tokens }
}

/** A member with this role. */
async function memberAs(role: string, row: Row): Promise<Member> {
  const user = await member(row)
  await env.DB.prepare('UPDATE users SET roles = json_array(?) WHERE id = ?').bind(role, user.id).run()
  return user
}

export const administrator = (row: Row = {}): Promise<Member> => memberAs('admin', row)
export const supporter = (row: Row = {}): Promise<Member> => memberAs('support', row)

/** A session as a login by these methods starts it, with its tokens. */
export async function sessionFor(id: number, methods: readonly string[] = ['password']): Promise<Tokens> {
  const asked = callBy()
  const user = (await findUser(env.DB, sql`id = ${id}`))!
  const grant = newSession(asked, user, methods)
  await commit(env.DB, startSession(asked, grant, { mine: sql`id = ${id}` }))
  const { access_token: token, refresh_token } = await tokenAnswer(asked, grant)
  return { token, refresh_token, sid: grant.id }
}

type Event = { event: string; reason: string | null }

/** The audit events of a user, oldest first; a reason follows after a colon. */
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

/** The purposes of the links that are still valid for a user. */
export async function linksOf(user_id: number): Promise<string[]> {
  const query = env.DB.prepare('SELECT purpose FROM one_time_tokens WHERE user_id = ? ORDER BY purpose').bind(user_id)
  return (await query.all<{ purpose: string }>()).results.map(({ purpose }) => purpose)
}
