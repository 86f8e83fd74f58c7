import * as v from 'valibot'
import {
  type Chapter,
  done,
  exampleDevice,
  knownDevice,
  nullable,
  passwordProblems,
  seconds,
  text,
  userId,
} from '../../http/openapi.ts'

const me = v.strictObject({
  user_id: userId,
  email: text,
  email_verified: v.boolean(),
  roles: v.array(text),
  created_at: seconds,
})

/** As D1 gives the rows: a boolean is 0 or 1, and `roles` is the text of a JSON array. */
const everything = v.strictObject({
  user: v.strictObject({
    user_id: userId,
    email: text,
    email_verified: v.picklist([0, 1]),
    disabled_at: v.nullable(seconds),
    roles: v.pipe(text, v.description('The text of a JSON array.')),
    language: nullable,
    password_set_at: v.nullable(seconds),
    created_at: seconds,
  }),
  sessions: v.array(
    v.strictObject({
      id: text,
      created_at: seconds,
      auth_time: seconds,
      refreshed_at: seconds,
      expires_at: seconds,
      revoked_at: v.nullable(seconds),
      ip: nullable,
      country: nullable,
      user_agent: nullable,
    }),
  ),
  one_time_tokens: v.array(v.strictObject({ purpose: text, email: text, expires_at: seconds })),
  outbox: v.array(
    v.strictObject({
      kind: text,
      recipient: text,
      language: text,
      created_at: seconds,
      attempts: seconds,
      due_at: seconds,
    }),
  ),
  webhook_outbox: v.array(
    v.strictObject({ type: text, session_id: v.nullable(text), at: seconds, attempts: seconds, due_at: seconds }),
  ),
  audit_events: v.array(
    v.strictObject({
      at: seconds,
      event: text,
      reason: nullable,
      session_id: nullable,
      ip: nullable,
      country: nullable,
      user_agent: nullable,
      request_id: nullable,
    }),
  ),
  devices: v.array(knownDevice),
  networks: v.array(v.strictObject({ name: text, used_at: seconds })),
})

const created_at = 1_795_000_000

export const accountChapter: Chapter = {
  title: 'The account',
  operations: {
    'GET /user/me': {
      summary: 'Who is signed in',
      answers: {
        200: {
          description: 'The account, as the database has it now.',
          schema: me,
          example: { user_id: 42, email: 'ann@example.com', email_verified: true, roles: [], created_at },
        },
      },
      problems: ['not_found'],
    },
    'GET /user/me/export': {
      summary: 'Everything that is held about the person',
      answers: {
        200: {
          description: 'All rows, but no hashes and no links that are not mailed yet.',
          schema: everything,
          example: {
            user: {
              user_id: 42,
              email: 'ann@example.com',
              email_verified: 1,
              disabled_at: null,
              roles: '[]',
              language: 'en',
              password_set_at: created_at,
              created_at,
            },
            sessions: [],
            one_time_tokens: [],
            outbox: [],
            webhook_outbox: [],
            audit_events: [],
            devices: [exampleDevice],
            networks: [{ name: '203.0.113.0/24', used_at: created_at }],
          },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /user/me': {
      summary: 'Delete the account',
      body: { password: 'correct horse battery' },
      answers: done('The account is gone. Its number is never used again.'),
      problems: [...passwordProblems, 'last_admin'],
    },
  },
}
