import { continueAt } from '../../src/features/oauth/handle.ts'
import { sql } from '../../src/lib/sql.ts'
import { callBy } from '../support.ts'
import { AT, OWN, type Scenario, THEN } from '../faults/world.ts'
import { registered, used } from './clients.faults.ts'

const ID = 'https://app.example/app.json'
const CALLBACK = 'https://app.example/callback'
const challenge = 'x'.repeat(43)

/** An application with a document that somebody allowed a minute ago, so that nothing need be fetched. */
const known = sql`INSERT INTO clients (id, name, redirect_uris, third_party, scope, created_at, fetched_at, fresh_until)
  VALUES (${ID}, 'App', json_array(${CALLBACK}), 1, 'openid', ${THEN}, ${THEN}, ${AT + 60})`

const asked = `/oauth/authorize?${new URLSearchParams({
  client_id: ID,
  redirect_uri: CALLBACK,
  scope: 'openid',
  response_type: 'code',
  code_challenge: challenge,
  code_challenge_method: 'S256',
}).toString()}`
const handle = await continueAt(callBy({ own: OWN, at: AT }), {
  client_id: ID,
  redirect_uri: CALLBACK,
  scope: 'openid',
  prompt: [],
  acr_values: [],
  challenge,
})

export const scenarios: Scenario[] = [
  {
    route: 'GET /oauth/authorize',
    when: 'of an application with a document',
    given: [known],
    ask: { path: asked },
    answers: 303,
  },
  {
    route: 'POST /oauth/continue/:handle',
    when: 'with the consent for an application with a document',
    given: [known],
    ask: { as: 'cookie', path: handle, form: { decision: 'allow', user_id: '1' } },
    answers: 303,
    changes: ['+ consents of owner', '+ audit: consent_granted of owner in nothing'],
  },
  {
    route: 'GET /account',
    when: 'of a user of an application',
    given: [registered, ...used],
    ask: { as: 'cookie' },
    answers: 200,
  },
]
