import { sql } from '../../src/lib/sql.ts'
import {
  alike,
  type Ask,
  HERE,
  HERE_REVOKED,
  HERE_STANDING,
  operates,
  OWNER_STAYS,
  THEN,
  type Alike,
  type Scenario,
} from '../faults/world.ts'

const WIKI = 'wiki'.padEnd(24, 'A')
const HASH = 'hash'.padEnd(43, 'A')

/** A confidential client, and what hangs on it: a consent and a session of the owner. */
export const registered = sql`INSERT INTO clients (id, name, secret_hash, redirect_uris, scope, third_party, created_at)
  VALUES (${WIKI}, 'Wiki', ${HASH}, '["https://wiki.example/callback"]', 'openid', 1, ${THEN})`
export const used = [
  sql`INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (1, ${WIKI}, 'openid', ${THEN})`,
  sql`INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, client_id,
      parent_id, scope)
    VALUES ('of the wiki', 1, ${THEN}, ${THEN}, ${THEN}, ${THEN + 86_430}, ${THEN + 86_430}, ${WIKI}, ${HERE}, 'openid')`,
]
export const WIKI_SESSION = 'session new of owner'
export const ENDED = [
  `- ${WIKI_SESSION}: standing, generation 0, password typed at -60`,
  `+ ${WIKI_SESSION}: revoked, generation 0, password typed at -60`,
  '+ published: new',
]

const byOperator = (path: string, form?: Record<string, string>): Ask => ({
  as: 'operator',
  path,
  ...(form && { form }),
})
const seen = (route: string): Scenario => ({
  route,
  when: 'asked by an operator',
  given: [operates, registered],
  ask: byOperator(route.slice('GET '.length).replace(':id', WIKI)),
  answers: 200,
})
const NEW = { name: 'Notes', redirect_uris: ['https://notes.example/callback'] }

export const scenarios: (Scenario | Alike)[] = [
  ...['GET /admin/clients', 'GET /admin/clients/:id'].map(seen),
  ...['GET /console/clients', 'GET /console/clients/new', 'GET /console/clients/:id'].map(seen),
  {
    ...seen('GET /console/clients/:id/:act'),
    ask: byOperator(`/console/clients/${WIKI}/secret`),
  },
  {
    route: 'POST /admin/clients',
    when: 'asked by an operator',
    given: [operates],
    ask: { as: 'operator', json: NEW },
    answers: 201,
    changes: ['+ clients of nobody', '+ audit: client_created of nobody in nothing by user:2'],
  },
  {
    route: 'POST /admin/clients/:id/secret',
    when: 'asked by an operator',
    given: [operates, registered],
    ask: byOperator(`/admin/clients/${WIKI}/secret`),
    answers: 200,
    // What changes of the row is random, so the line is the same.
    changes: ['+ audit: client_secret_rotated of nobody in nothing by user:2'],
  },
  {
    route: 'DELETE /admin/clients/:id',
    when: 'that somebody uses',
    given: [operates, registered, ...used],
    ask: byOperator(`/admin/clients/${WIKI}`),
    answers: 204,
    changes: [
      '- clients of nobody',
      '- consents of owner',
      `- ${WIKI_SESSION}: standing, generation 0, password typed at -60`,
      '+ published: new',
      '+ audit: client_deleted of nobody in nothing by user:2',
    ],
    again: [404, 'not_found'],
  },
  alike(
    'POST /admin/clients',
    'POST /console/clients/new',
    byOperator('/console/clients/new', { name: 'Notes', redirect_uris: NEW.redirect_uris[0]! }),
    { answers: 200 },
  ),
  alike(
    'POST /admin/clients/:id/secret',
    'POST /console/clients/:id',
    byOperator(`/console/clients/${WIKI}`, { do: 'secret' }),
    { when: 'for another secret', answers: 200 },
  ),
  alike(
    'DELETE /admin/clients/:id',
    'POST /console/clients/:id',
    byOperator(`/console/clients/${WIKI}`, { do: 'delete' }),
    { when: 'to delete it', again: [404, 'not_found'] },
  ),
  {
    route: 'GET /user/applications',
    when: 'signed in',
    given: [registered, ...used],
    ask: { as: 'bearer' },
    answers: 200,
  },
  {
    route: 'DELETE /user/applications/:client_id',
    when: 'of an application in use',
    given: [registered, ...used],
    ask: { as: 'bearer', path: `/user/applications/${WIKI}` },
    answers: 204,
    changes: ['- consents of owner', ...ENDED, '+ audit: consent_withdrawn of owner in nothing'],
    again: [404, 'not_found'],
  },
  alike(
    'DELETE /user/applications/:client_id',
    'POST /account/applications',
    { as: 'cookie', form: { withdraw: WIKI } },
    { again: [404, 'not_found'] },
  ),
  { route: 'GET /oauth/end-session', when: 'signed in', ask: { as: 'cookie' }, answers: 200 },
  {
    route: 'POST /oauth/end-session',
    when: 'of a user who was asked',
    given: [registered, ...used],
    ask: { as: 'cookie', form: { decision: 'leave', client_id: WIKI } },
    answers: 200,
    changes: [HERE_STANDING, ...HERE_REVOKED, ...ENDED, '+ audit: logged_out of owner in here'],
  },
  {
    route: 'PATCH /user/me',
    when: 'with a name',
    ask: { as: 'bearer', json: { name: 'Ann' } },
    answers: 204,
    changes: [`- ${OWNER_STAYS}`, `+ ${OWNER_STAYS}`, '+ audit: user_name_changed of owner in here'],
  },
  { route: 'GET /account/name', when: 'signed in', ask: { as: 'cookie' }, answers: 200 },
  alike('PATCH /user/me', 'POST /account/name', { as: 'cookie', form: { name: 'Ann' } }),
]
