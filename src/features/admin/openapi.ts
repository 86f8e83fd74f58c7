import * as v from 'valibot'
import { type Chapter, done, nullable, seconds, text, userId } from '../../http/openapi.ts'

const user = {
  user_id: userId,
  email: text,
  email_verified: v.boolean(),
  roles: v.array(text),
  disabled_at: v.nullable(seconds),
  created_at: seconds,
}

const session = v.strictObject({
  id: text,
  created_at: seconds,
  refreshed_at: seconds,
  user_agent: nullable,
  ip: nullable,
  country: nullable,
})

const event = v.strictObject({
  id: seconds,
  at: seconds,
  event: text,
  reason: nullable,
  user_id: v.nullable(seconds),
  session_id: nullable,
  actor: v.pipe(nullable, v.description('Who did it, where that is not the user: `user:<id>` or `cli:<name>`.')),
  ip: nullable,
  country: nullable,
  user_agent: nullable,
  request_id: nullable,
})

const next = v.pipe(nullable, v.description('What to send as `cursor` for the next page; null on the last one.'))

const created_at = 1_795_000_000
const ann = {
  user_id: 42,
  email: 'ann@example.com',
  email_verified: true,
  roles: ['editor'],
  disabled_at: null,
  created_at,
}
const params = { id: ['The `user_id`.', '42'] } satisfies Record<string, [string, string]>

export const adminChapter: Chapter = {
  title: 'Administration',
  operations: {
    'GET /admin/users': {
      summary: 'List users',
      description: 'By `email`, the beginning of an address; by `role`; else all, by id.',
      answers: {
        200: {
          description: 'A page of them.',
          schema: v.strictObject({ users: v.array(v.strictObject(user)), next }),
          example: { users: [ann], next: null },
        },
      },
    },
    'POST /admin/users': {
      summary: 'Make an account',
      description: 'Without a password, a mailed link sets one. With one, a mailed link confirms the address.',
      body: { email: ann.email, roles: ann.roles },
      answers: { 201: { description: 'Made; `Location` leads to it.', schema: v.strictObject(user), example: ann } },
      problems: ['email_taken', 'overloaded'],
    },
    'GET /admin/users/:id': {
      summary: 'Show a user',
      params,
      answers: {
        200: {
          description: 'With the sessions that stand, 100 at most.',
          schema: v.strictObject({
            ...user,
            language: nullable,
            password_set_at: v.nullable(seconds),
            has_password: v.boolean(),
            live_sessions: seconds,
            sessions: v.array(session),
          }),
          example: {
            ...ann,
            language: 'en',
            password_set_at: created_at,
            has_password: true,
            live_sessions: 0,
            sessions: [],
          },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /admin/users/:id': {
      summary: 'Delete an account',
      params,
      answers: done('The account is gone. Its number is never used again.'),
      problems: ['not_found', 'last_admin'],
    },
    'DELETE /admin/users/:id/sessions': {
      summary: 'Sign a user out everywhere',
      params,
      answers: done('Every session has ended.'),
      problems: ['not_found'],
    },
    'PUT /admin/users/:id/roles': {
      summary: 'Give a user exactly these roles',
      description: 'Tokens that are out keep the old ones until they expire; the routes here do not look at those.',
      params,
      body: { roles: ['editor'] },
      answers: done('The roles are these.'),
      problems: ['not_found', 'last_admin'],
    },
    'POST /admin/users/:id/disable': {
      summary: 'Keep a user from signing in',
      params,
      answers: done('Disabled, and every session has ended.'),
      problems: ['not_found', 'last_admin'],
    },
    'POST /admin/users/:id/enable': {
      summary: 'Let a user sign in again',
      params,
      answers: done('Enabled.'),
      problems: ['not_found'],
    },
    'POST /admin/users/:id/reset': {
      summary: 'Make a password void, and mail a link that sets another',
      params,
      answers: done('Void, and every session has ended.'),
      problems: ['not_found'],
    },
    'POST /admin/users/:id/unlock': {
      summary: 'Open what failed attempts have closed',
      params,
      answers: done('The account is open.'),
      problems: ['not_found'],
    },
    'GET /admin/audit': {
      summary: 'The audit trail, the newest first',
      description: 'Times in seconds since 1970: from `from` on, and before `to`.',
      answers: {
        200: {
          description: 'A page of it.',
          schema: v.strictObject({ events: v.array(event), next }),
          example: { events: [], next: null },
        },
      },
    },
    'GET /admin/stats': {
      summary: 'Counts for a dashboard',
      answers: {
        200: {
          description: 'Today is the last of the `days`; they begin at midnight UTC.',
          schema: v.strictObject({
            users: seconds,
            verified: seconds,
            live_sessions: seconds,
            days: v.array(v.strictObject({ date: text, logins: seconds, failures: seconds, registrations: seconds })),
          }),
          example: {
            users: 1,
            verified: 1,
            live_sessions: 1,
            days: [{ date: '2026-11-23', logins: 1, failures: 0, registrations: 0 }],
          },
        },
      },
    },
  },
}
