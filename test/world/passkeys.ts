/** Requests with passkeys, as JSON. */
import { expect } from 'vitest'
import { type Algorithm, type Lies, Passkey } from '../../src/testing/passkey.ts'
import { type Member, member } from './people.ts'
import { bearer, call } from './requests.ts'

type Begun = { ticket: string; publicKey: { challenge: string } & Record<string, unknown>; expires_in: number }
type Made = { publicKey: { challenge: string; user: { id: string } } & Record<string, unknown> }

/** The options of a sign-in, after a first step if there is a ticket. */
export async function askForPasskey(ticket?: string): Promise<Begun> {
  const answer = await call('POST', '/user/login/passkey/options', { json: ticket === undefined ? {} : { ticket } })
  expect(answer.status).toBe(200)
  return answer.json()
}

/** A sign-in with a passkey: both steps. */
export async function signInWith(passkey: Passkey, lies: Lies = {}, ticket?: string): Promise<Response> {
  const begun = await askForPasskey(ticket)
  return call('POST', '/user/login/passkey', {
    json: { ticket: begun.ticket, credential: await passkey.use(begun.publicKey, lies) },
  })
}

export async function askToAdd(token: string): Promise<Made['publicKey']> {
  const answer = await call('POST', '/user/passkeys/options', bearer(token))
  expect(answer.status).toBe(200)
  return (await answer.json<Made>()).publicKey
}

/** Adds a passkey to the account of a session. */
export async function addPasskey(token: string, passkey: Passkey, { name, ...lies }: Lies & { name?: string } = {}) {
  const credential = await passkey.register(await askToAdd(token), lies)
  return call('POST', '/user/passkeys', { ...bearer(token), json: { credential, ...(name !== undefined && { name }) } })
}

/** A member with a passkey. */
export async function keyHolder(
  options: { algorithm?: Algorithm; counter?: number; be?: boolean } & Parameters<typeof member>[0] = {},
): Promise<Member & { passkey: Passkey }> {
  const { algorithm, counter, be, ...row } = options
  const user = await member(row)
  const passkey = await Passkey.make({ ...(algorithm && { algorithm }), ...(counter !== undefined && { counter }) })
  if (be) passkey.backup = { be: true, bs: true }
  expect((await addPasskey(user.token, passkey)).status).toBe(201)
  return { ...user, passkey }
}
