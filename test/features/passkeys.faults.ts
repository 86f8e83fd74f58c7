import { newTicket, type Ticket, writeTicket } from '../../src/core/ticket.ts'
import { newChallenge } from '../../src/features/passkeys/challenge.ts'
import { base64url, randomId } from '../../src/lib/bytes.ts'
import { type Sql, sql } from '../../src/lib/sql.ts'
import { type Assertion, type Lies, Passkey } from '../../src/testing/passkey.ts'
import { callBy } from '../world/calls.ts'
import {
  alike,
  type Alike,
  byOwner,
  disabled,
  EPOCH_RAISED,
  HERE,
  mailed,
  OWN,
  right,
  type Scenario,
  seenByOwner,
  SIGNED_IN,
  THEN,
  unconfirmed,
  signedInByCode,
} from '../faults/world.ts'

const HANDLE = randomId(256)
const handle = sql`INSERT INTO passkey_handles (user_id, handle) VALUES (1, ${HANDLE})`
const callThen = callBy({ own: OWN, at: THEN })
const user = { id: 1, epoch: 0 }

/** A passkey of the owner, in the middle of its life. */
const passkey = await Passkey.make({ counter: 7 })
passkey.userHandle = HANDLE
const PUBLIC_KEY = await passkey.publicKey()
const stored = (backup_eligible: 0 | 1): Sql[] => [
  handle,
  sql`INSERT INTO passkeys (id, user_id, public_key, counter, user_verified, backup_eligible, backed_up, aaguid, name,
      created_at)
    VALUES (${passkey.id}, 1, ${PUBLIC_KEY}, 7, 1, ${backup_eligible}, 0, 'none', 'Laptop', ${THEN})`,
]
const given = stored(0)
const twoFactors = [...given, sql`UPDATE users SET second_factor = 1 WHERE id = 1`]

/** A request that answers a challenge, after a first step if the ticket says so. */
async function assertion(
  lies: Lies = {},
  ticket: Partial<Ticket> = {},
): Promise<{ ticket: string; credential: Assertion }> {
  const challenge = randomId(256)
  const asked = newTicket(callThen, { data: challenge, ...ticket })
  return {
    ticket: await writeTicket(callThen, 'passkey', asked),
    credential: await passkey.use({ challenge }, { counter: 8, ...lies }),
  }
}

/** A request that adds a new passkey in a ceremony. */
async function attestation(ceremony: Parameters<typeof newChallenge>[2]) {
  const { bytes } = await newChallenge(callThen, user, ceremony)
  return (await Passkey.make()).register({ challenge: base64url(bytes), user: { id: HANDLE } })
}

const everyone = { SECOND_FACTOR: 'everyone' } as Partial<Env>
const enrolling = newTicket(callThen, { user, methods: ['password', 'code'] })
const afterPasskey = newTicket(callThen, { user: { id: 1, epoch: 1 }, methods: ['passkey'] })
const ENROLLING = await writeTicket(callThen, 'login', enrolling)

const RIGHT = await assertion()
const ADDED = await attestation({ session_id: HERE })
const USED = ['- passkeys of owner', '+ passkeys of owner']
const IS_ADDED = [
  '+ passkeys of owner',
  '+ mail to owner@example.com: A passkey was added',
  '+ undo: factor_added of owner to owner@example.com, new',
  ...EPOCH_RAISED,
]
const TEN_CODES = Array.from({ length: 10 }, () => '+ recovery_codes of owner')
const path = `/user/passkeys/${passkey.id}`
const page = `/account/passkeys/${passkey.id}`

const inForm = ({ ticket, credential }: { ticket?: string; credential: object }) => ({
  challenge: ticket ?? '',
  credential: JSON.stringify(credential),
})

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/login/passkey/options',
    when: 'asked by anybody',
    ask: { json: {} },
    answers: 200,
  },
  {
    route: 'POST /user/login/passkey',
    when: 'with the right passkey',
    given,
    ask: { json: RIGHT },
    answers: 200,
    changes: [...SIGNED_IN, ...USED],
    again: [401, 'invalid_credentials'],
    asks: ['welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'as the second step',
    given: twoFactors,
    ask: { json: await assertion({}, { user: { id: 1, epoch: 2 }, methods: ['password'] }) },
    answers: 200,
    changes: [...SIGNED_IN, ...USED],
    again: [401, 'invalid_ticket'],
    asks: ['admit', 'settle', 'welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'as the second step, with a wrong signature',
    given: twoFactors,
    ask: { json: await assertion({ host: 'x' }, { user: { id: 1, epoch: 2 }, methods: ['password'] }) },
    answers: [401, 'invalid_credentials'],
    changes: ['+ audit: login_failed (wrong_passkey) of owner in nothing'],
    again: [401, 'invalid_ticket'],
    asks: ['admit'],
    remembers: ['+ owner: attempts 1', '+ owner: failures of passkey: 1'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'where the device did not verify its user',
    given,
    ask: { json: await assertion({ uv: false }) },
    answers: [403, 'second_factor_required'],
    changes: USED,
    again: [401, 'invalid_credentials'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'with a wrong signature',
    given,
    ask: { json: await assertion({ host: 'x' }) },
    answers: [401, 'invalid_credentials'],
    changes: ['+ audit: login_failed (wrong_passkey) of owner in nothing'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'with an unknown passkey',
    ask: { json: await assertion() },
    answers: [401, 'invalid_credentials'],
    changes: ['+ audit: login_failed (unknown_passkey) of nobody in nothing'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'with a copied passkey',
    given,
    ask: { json: await assertion({ counter: 7 }) },
    answers: [401, 'invalid_credentials'],
    changes: [
      '+ audit: passkey_copied of owner in nothing',
      '+ mail to owner@example.com: A passkey may have been copied',
    ],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'with a synced passkey whose counter fell',
    given: stored(1),
    ask: { json: await assertion({ counter: 0, be: true }) },
    answers: 200,
    changes: [...SIGNED_IN, ...USED, '+ audit: passkey_copied (synced) of owner in nothing'],
    again: [401, 'invalid_credentials'],
    asks: ['welcome'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'before the address is confirmed',
    given: [...given, unconfirmed, mailed('verify')],
    ask: { json: await assertion() },
    answers: [403, 'email_not_verified'],
    changes: [
      '- link: verify of owner to owner@example.com, given',
      '+ link: verify of owner to owner@example.com, new',
      '+ mail to owner@example.com: Confirm your email address',
      '+ audit: login_failed (email_not_verified) of owner in nothing',
    ],
    again: [401, 'invalid_credentials'],
    asks: ['admitMail'],
    remembers: ['+ owner: mails 1'],
  },
  {
    route: 'POST /user/login/passkey',
    when: 'of a disabled account',
    given: [...given, ...disabled],
    ask: { json: await assertion() },
    answers: [403, 'account_disabled'],
    changes: ['+ audit: login_failed (account_disabled) of owner in nothing'],
    again: [401, 'invalid_credentials'],
  },
  {
    route: 'POST /user/login',
    when: 'after a passkey whose device did not verify its user',
    given,
    ask: { json: { ...right, ticket: await writeTicket(callThen, 'login', afterPasskey) } },
    answers: 200,
    changes: SIGNED_IN,
    again: [401, 'invalid_ticket'],
    asks: ['check'],
    remembers: ['+ owner: device new'],
  },
  {
    route: 'POST /user/login/passkey/enrol',
    when: 'where the settings demand it',
    given: [handle],
    ask: { settings: everyone, json: { ticket: ENROLLING } },
    answers: 200,
  },
  {
    route: 'POST /user/login/passkey/enrol/confirm',
    when: 'where the settings demand it',
    given: [handle],
    ask: {
      settings: everyone,
      json: { ticket: ENROLLING, credential: await attestation({ sign_in: enrolling.id }) },
    },
    answers: 200,
    changes: [...SIGNED_IN, ...IS_ADDED, ...TEN_CODES, '+ audit: passkey_added of owner in nothing'],
    again: [401, 'invalid_ticket'],
    asks: ['welcome'], // the epoch is another one, so the device stays a stranger until its next sign-in
  },
  {
    route: 'POST /user/passkeys/options',
    when: 'signed in',
    given: [handle],
    ask: { as: 'bearer' },
    answers: 200,
  },
  {
    route: 'POST /user/passkeys/options',
    when: 'for the first passkey',
    ask: { as: 'bearer' },
    answers: 200,
    changes: ['+ passkey_handles of owner'],
  },
  {
    route: 'POST /user/passkeys',
    when: 'with a new passkey',
    given: [handle],
    ask: { as: 'bearer', json: { credential: ADDED } },
    answers: 201,
    changes: [...IS_ADDED, '+ audit: passkey_added of owner in here'],
    again: [401, 'invalid_ticket'],
  },
  {
    route: 'PATCH /user/passkeys/:id',
    when: 'with another name',
    given,
    ask: { as: 'bearer', path, json: { name: 'Desk' } },
    answers: 200,
    changes: [...USED, '+ audit: passkey_renamed of owner in here'],
  },
  {
    route: 'DELETE /user/passkeys/:id',
    when: 'of the owner',
    given,
    ask: { as: 'bearer', path },
    answers: 204,
    changes: [
      '- passkeys of owner',
      '+ mail to owner@example.com: A passkey was removed',
      '+ undo: factor_removed of owner to owner@example.com, new',
      ...EPOCH_RAISED,
      '+ audit: passkey_removed of owner in here',
    ],
    again: [404, 'not_found'],
  },
  {
    route: 'DELETE /user/passkeys/:id',
    when: 'for the last way in',
    given: [
      ...given,
      signedInByCode,
      sql`UPDATE users SET hashed_password = NULL, password_set_at = NULL WHERE id = 1`,
    ],
    ask: { as: 'bearer', path, settings: { LOGIN_CODES: 'off' } as Partial<Env> },
    answers: [409, 'last_way_in'],
  },
  alike('POST /user/login/passkey', 'POST /login/passkey', { form: inForm(await assertion()) }, { again: 401 }),
  alike(
    'POST /user/login/passkey/enrol/confirm',
    'POST /login/passkey/enrol',
    {
      settings: everyone,
      form: inForm({ ticket: ENROLLING, credential: await attestation({ sign_in: enrolling.id }) }),
    },
    { answers: 200, again: 401 },
  ),
  seenByOwner('GET /account/passkeys'),
  { ...seenByOwner('GET /account/passkeys/:id'), given, ask: { as: 'cookie', path: page } },
  alike('POST /user/passkeys', 'POST /account/passkeys', byOwner(inForm({ credential: ADDED })), { again: 401 }),
  alike('PATCH /user/passkeys/:id', 'POST /account/passkeys/:id', { ...byOwner({ name: 'Desk' }), path: page }),
  alike(
    'DELETE /user/passkeys/:id',
    'POST /account/passkeys/:id',
    { ...byOwner({ remove: 'yes' }), path: page },
    {
      again: [404, 'not_found'],
    },
  ),
]

/** Routes that never ask the database, with a request to each. */
export const withoutD1 = { 'GET /.well-known/passkey-endpoints': '/.well-known/passkey-endpoints' }
