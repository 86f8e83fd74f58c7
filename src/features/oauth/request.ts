import type { Config } from '../../config.ts'
import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import { isOurOwn } from '../../core/clients/registration.ts'
import { resourceNamed, resourcesOf } from '../../core/clients/resources.ts'
import type { Parameters } from './parameters.ts'
import { isChallenge } from './pkce.ts'
import { Refusal } from './refusal.ts'

/** What a client asks for, once it is checked. */
export type AuthorizationRequest = {
  client_id: string
  /** Proved to be the client's. */
  redirect_uri: string
  scope: string
  prompt: string[]
  state?: string | undefined
  nonce?: string | undefined
  /** PKCE, by S256. */
  challenge?: string | undefined
  resource?: string | undefined
  /** Seconds. */
  max_age?: number | undefined
  acr_values: string[]
  login_hint?: string | undefined
  ui_locales?: string | undefined
  /** The only user that the answer may be about, by `id_token_hint`. */
  user_id?: number | undefined
  /** The session that the browser had when it asked, which no sign-in since has begun. */
  former?: string | undefined
}

/** Values of `prompt` (OpenID Connect Core section 3.1.2.1). */
export const PROMPTS = ['none', 'login', 'consent', 'select_account']

/** Characters. The request is part of an address, which must not become too long. */
const MAX_LENGTH: Record<string, number> = {
  state: 2_048,
  nonce: 512,
  login_hint: 256,
  ui_locales: 64,
  acr_values: 256,
}

/** RFC 6749 appendix A. */
const VISIBLE = /^[\x20-\x7e]*$/

/** Parameters that put the request itself elsewhere, where nothing was checked. */
const UNSUPPORTED = {
  request: 'request_not_supported',
  request_uri: 'request_uri_not_supported',
  registration: 'registration_not_supported',
} as const

/**
 * Checks an authorization request of a client whose redirect address is already proved. What the client may not have is
 * left out of the scope; the answer says what was granted (RFC 6749 section 3.3). For a resource that a feature declares,
 * every client may ask for the scopes of that resource.
 * @throws Refusal
 */
export function checkRequest(
  given: Parameters,
  client: Client,
  redirect_uri: string,
  call: Pick<Call, 'settings' | 'registry'>,
): AuthorizationRequest {
  for (const [name, error] of Object.entries(UNSUPPORTED))
    if (given.get(name) !== undefined || given.repeated.has(name)) throw new Refusal(error, `There is no ${name} here.`)
  // Several resources are allowed (RFC 8707 section 2), but a token is for one.
  if (given.repeated.has('resource')) throw new Refusal('invalid_target', 'A token is for one resource.')
  if (given.repeated.size > 0) throw invalid('A parameter is repeated.')
  for (const [name, length] of Object.entries(MAX_LENGTH))
    if ((given.get(name) ?? '').length > length) throw invalid(`${name} is too long.`)
  if (!VISIBLE.test((given.get('state') ?? '') + (given.get('nonce') ?? '')))
    throw invalid('state or nonce has characters that are not ASCII.')
  const response_type = given.get('response_type')
  if (response_type === undefined) throw invalid('response_type is missing.')
  if (response_type !== 'code') throw new Refusal('unsupported_response_type', 'The response_type is code.')
  if ((given.get('response_mode') ?? 'query') !== 'query') throw invalid('The response_mode is query.')
  const declared = resourceNamed(call, given.get('resource'))
  // A word of a resource counts with that resource alone: consent is remembered by word.
  const taken = resourcesOf(call).flatMap(({ scopes }) => Object.keys(scopes))
  const allowed = [
    ...wordsOf(client.scope).filter((word) => !taken.includes(word)),
    ...Object.keys(declared?.scopes ?? {}),
  ]
  return {
    client_id: client.id,
    redirect_uri,
    scope: wordsOf(given.get('scope') ?? '')
      .filter((word, i, all) => allowed.includes(word) && all.indexOf(word) === i)
      .join(' '),
    prompt: promptIn(given),
    state: given.get('state'),
    nonce: given.get('nonce'),
    challenge: challengeIn(given, client),
    resource: declared?.resource ?? resourceIn(given, client, call.settings),
    max_age: maxAgeIn(given),
    acr_values: wordsOf(given.get('acr_values') ?? ''),
    login_hint: given.get('login_hint'),
    ui_locales: given.get('ui_locales'),
  }
}

const invalid = (message: string): Refusal => new Refusal('invalid_request', message)

/** PKCE is for everybody (RFC 9700 section 2.1.1). A client without it needs a nonce against injected codes. */
function challengeIn(given: Parameters, client: Client): string | undefined {
  const challenge = given.get('code_challenge')
  const method = given.get('code_challenge_method')
  if (challenge === undefined) {
    if (client.pkce || method !== undefined) throw invalid('code_challenge is missing.')
    if (given.get('nonce') === undefined) throw invalid('nonce is missing.')
    return undefined
  }
  // Without a method it would be `plain` (RFC 7636 section 4.3).
  if (method !== 'S256') throw invalid('The code_challenge_method is S256.')
  if (!isChallenge(challenge)) throw invalid('code_challenge is malformed.')
  return challenge
}

function promptIn(given: Parameters): string[] {
  const prompt = wordsOf(given.get('prompt') ?? '')
  if (prompt.some((word) => !PROMPTS.includes(word))) throw invalid('prompt has an unknown value.')
  if (prompt.includes('none') && prompt.length > 1) throw invalid('prompt is none and something else.')
  return prompt
}

function maxAgeIn(given: Parameters): number | undefined {
  const max_age = given.get('max_age')
  if (max_age === undefined) return undefined
  if (!/^\d{1,9}$/.test(max_age)) throw invalid('max_age is not a number of seconds.')
  return Number(max_age)
}

/** One of the client's registered resources, and never an audience of this service (RFC 8707). */
export function resourceIn(given: Parameters, { resources }: Client, settings: Config): string | undefined {
  const resource = given.get('resource')
  if (resource === undefined) return undefined
  if (!resources.includes(resource) || isOurOwn(resource, settings))
    throw new Refusal('invalid_target', 'The client is not registered for this resource.')
  return resource
}
