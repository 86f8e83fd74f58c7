import * as v from 'valibot'
import { nullable, seconds, text, userId } from '../../openapi.ts'

/* The response schemas of the admin routes, and a user for the examples. */

export const user = {
  user_id: userId,
  email: text,
  email_verified: v.boolean(),
  roles: v.array(text),
  disabled_at: v.nullable(seconds),
  created_at: seconds,
  last_login_at: v.pipe(v.nullable(seconds), v.description('As far as the audit trail goes back.')),
  invited_until: v.pipe(
    v.nullable(seconds),
    v.description('Until when the invitation works, or worked; null if there is none, or it was accepted.'),
  ),
}

export const session = v.strictObject({
  id: text,
  created_at: seconds,
  refreshed_at: seconds,
  user_agent: nullable,
  ip: nullable,
  country: nullable,
  client_id: v.pipe(nullable, v.description('The application that the session belongs to, if any.')),
  client: v.pipe(nullable, v.description('Its name.')),
})

export const application = v.strictObject({
  client_id: text,
  name: text,
  scope: text,
  granted_at: v.nullable(seconds),
  sessions: seconds,
})

export const event = v.strictObject({
  id: seconds,
  at: seconds,
  event: text,
  reason: nullable,
  user_id: v.nullable(seconds),
  email: v.pipe(nullable, v.description("The user's address as it is now.")),
  session_id: nullable,
  actor: v.pipe(nullable, v.description('Who did it, where that is not the user: `user:<id>` or `cli:<name>`.')),
  actor_email: nullable,
  client_id: v.pipe(nullable, v.description('The client that the event is about.')),
  client_name: nullable,
  ip: nullable,
  country: nullable,
  user_agent: nullable,
  request_id: nullable,
})

export const factor = v.strictObject({
  id: text,
  type: v.pipe(text, v.description('The name of the method: `passkey`, `totp`.')),
  name: nullable,
  created_at: seconds,
  last_used_at: v.nullable(seconds),
})

export const next = v.pipe(nullable, v.description('What to send as `cursor` for the next page; null on the last one.'))

export const created_at = 1_795_000_000
export const ann = {
  user_id: 42,
  email: 'ann@example.com',
  email_verified: true,
  roles: ['editor'],
  disabled_at: null,
  created_at,
  last_login_at: created_at,
  invited_until: null,
}
export const details = v.strictObject({
  ...user,
  name: nullable,
  language: nullable,
  password_set_at: v.nullable(seconds),
  has_password: v.boolean(),
  second_factor: v.pipe(v.boolean(), v.description('Whether each sign-in asks for a second factor.')),
  email_change: v.pipe(
    v.nullable(v.strictObject({ email: text, expires_at: seconds })),
    v.description('The new address, while it waits to be confirmed.'),
  ),
  factors: v.array(factor),
  recovery_codes_left: seconds,
  applications: v.array(application),
  live_sessions: seconds,
  sessions: v.array(session),
})
export const annInDetail = {
  ...ann,
  name: 'Ann',
  language: 'en',
  password_set_at: created_at,
  has_password: true,
  second_factor: false,
  email_change: null,
  factors: [],
  recovery_codes_left: 0,
  applications: [],
  live_sessions: 0,
  sessions: [],
}
export const params = { id: ['The `user_id`.', '42'] } satisfies Record<string, [string, string]>
