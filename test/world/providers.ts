/** Identity providers, as strict as real ones, and the browsers of the people who use them. */
import { expect, vi } from 'vitest'
import { base64url, utf8 } from '../../src/lib/bytes.ts'
import type { ProviderName } from '../../src/features/identities/providers/provider.ts'
import { ENV } from './bindings.ts'
import { SAME_ORIGIN } from './pages.ts'
import { callIn } from './requests.ts'

export const BASE = 'http://127.0.0.1:9999'

const id = (prefix: string) => ({
  [`${prefix}_CLIENT_ID`]: `${prefix.toLowerCase()}-client`,
  [`${prefix}_CLIENT_SECRET`]: `${prefix.toLowerCase()}-secret`,
})

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const appleKey = (await crypto.subtle.generateKey(EC, true, ['sign', 'verify'])) as CryptoKeyPair
const pkcs8 = new Uint8Array((await crypto.subtle.exportKey('pkcs8', appleKey.privateKey)) as ArrayBuffer)
const PEM = `-----BEGIN PRIVATE KEY-----\\n${btoa(String.fromCharCode(...pkcs8))}\\n-----END PRIVATE KEY-----`

/** The settings of all providers, which are on this machine. */
export const PROVIDERS = {
  ...id('GOOGLE'),
  ...id('MICROSOFT'),
  ...id('GITHUB'),
  ...id('KAKAO'),
  ...id('NAVER'),
  ...id('OIDC'),
  APPLE_CLIENT_ID: 'apple-client',
  APPLE_TEAM_ID: 'TEAM',
  APPLE_KEY_ID: 'KEY',
  APPLE_PRIVATE_KEY: PEM,
  OIDC_ISSUER: `${BASE}/oidc`,
  TEST_PROVIDERS_URL: BASE,
}

/** An isolate where these providers are on. Its settings are read anew. */
export const withProviders = (settings: Record<string, string> = {}): Env =>
  ({ ...ENV, ...PROVIDERS, ...settings }) as unknown as Env

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
const newKey = async () => (await crypto.subtle.generateKey(RSA, true, ['sign', 'verify'])) as CryptoKeyPair
const [key, foreign] = [await newKey(), await newKey()]
const jwk = { ...((await crypto.subtle.exportKey('jwk', key.publicKey)) as JsonWebKey), kid: 'one', use: 'sig' }

const TENANT = '11111111-2222-3333-4444-555555555555'

/** Who signs in, as the provider knows them: claims, and the answers of its API. */
export type Person = { sub: string; email?: string | undefined; email_verified?: unknown; [claim: string]: unknown }

/** What a dishonest or broken provider does differently. */
export type Deceit = {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  /** The code works more than once. */
  again?: true
  key?: 'foreign' | 'public as secret' | 'none'
  /** Replaces the answer at paths that contain the key. */
  answers?: Record<string, () => Response | Promise<Response>>
  /** Replaces parameters of the answer that the browser carries; undefined drops one. */
  back?: Record<string, string | undefined>
}

type Issued = { provider: string; person: Person; lies: Deceit; asked: URLSearchParams; used: boolean }

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })

/** The providers, in place of the network. `requests`: every address that the service asked. */
export class StandIn {
  requests: string[] = []
  #codes = new Map<string, Issued>()
  #tokens = new Map<string, Issued>()
  /** What is wrong without a code, such as those of the discovery. */
  lies: Deceit = {}

  #spy = vi.spyOn(globalThis, 'fetch')

  constructor() {
    this.#spy.mockImplementation((input, init) => {
      const request = new Request(input as string, init as RequestInit)
      this.requests.push(request.url)
      const signal = init?.signal
      return Promise.race([
        this.#answer(request),
        new Promise<never>((_, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        ),
      ])
    })
  }

  /** Gives the network back. */
  close = () => this.#spy.mockRestore()

  /** A code for a person who agreed at the provider, and the answer that the browser carries back. */
  authorize(provider: ProviderName, address: string, person: Person, lies: Deceit = {}): URLSearchParams {
    const asked = new URL(address).searchParams
    expect(asked.get('response_type')).toBe('code')
    expect(asked.get('redirect_uri')).toBe(`https://login.example/login/with/${provider}/callback`)
    const code = crypto.randomUUID()
    this.#codes.set(code, { provider, person, lies, asked, used: false })
    const back = { code, state: asked.get('state') ?? undefined, ...lies.back }
    return new URLSearchParams(Object.entries(back).filter((pair): pair is [string, string] => pair[1] !== undefined))
  }

  /** The same for a transaction that is known, with a code that works again and again. */
  issue(code: string, provider: ProviderName, person: Person, { nonce }: { nonce: string }): void {
    const redirect_uri = `https://login.example/login/with/${provider}/callback`
    const asked = new URLSearchParams({ nonce, client_id: `${provider}-client`, redirect_uri, scope: 'openid' })
    this.#codes.set(code, { provider, person, lies: { again: true }, asked, used: false })
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const [, provider = '', ...rest] = url.pathname.split('/')
    const path = rest.join('/')
    const fields =
      request.method === 'POST'
        ? new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer()))
        : new URLSearchParams()
    const issued = this.#codes.get(fields.get('code') ?? '') ?? this.#tokens.get(tokenOf(request))
    for (const [part, answer] of Object.entries({ ...this.lies.answers, ...issued?.lies.answers })) {
      if (url.pathname.includes(part)) return answer()
    }
    if (path === '.well-known/openid-configuration') return json(metadata())
    if (/keys|certs|jwks/.test(path)) return json({ keys: [jwk] })
    if (path.endsWith('token')) return this.#token(provider, request, fields)
    return issued ? api(issued, path) : json({ error: 'invalid_token' }, 401)
  }

  async #token(provider: string, request: Request, fields: URLSearchParams): Promise<Response> {
    const refused = (error: string) => json({ error }, ['github', 'naver'].includes(provider) ? 200 : 400)
    const issued = this.#codes.get(fields.get('code') ?? '')
    if (!issued || (issued.used && !issued.lies.again) || issued.provider !== provider) return refused('invalid_grant')
    issued.used = true
    if (!(await isClient(provider, request, fields))) return refused('invalid_client')
    if (fields.get('redirect_uri') !== issued.asked.get('redirect_uri')) return refused('invalid_grant')
    const challenge = issued.asked.get('code_challenge')
    if (challenge !== null && challenge !== (await s256(fields.get('code_verifier') ?? '')))
      return refused('invalid_grant')
    const access_token = crypto.randomUUID()
    this.#tokens.set(access_token, issued)
    const isOpenId = issued.asked.get('scope')?.includes('openid')
    const expires_in = provider === 'naver' ? '3600' : 3600
    return json({
      access_token,
      token_type: 'bearer',
      expires_in,
      ...(isOpenId && { id_token: await idToken(issued) }),
    })
  }
}

const tokenOf = (request: Request) => request.headers.get('Authorization')?.replace(/^Bearer /, '') ?? ''

const s256 = async (text: string) =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text) as BufferSource)))

async function isClient(provider: string, request: Request, fields: URLSearchParams): Promise<boolean> {
  if (provider === 'oidc') {
    return request.headers.get('Authorization') === `Basic ${btoa('oidc%2Dclient:oidc%2Dsecret')}`
  }
  if (fields.get('client_id') !== `${provider}-client`) return false
  const secret = fields.get('client_secret') ?? ''
  if (provider !== 'apple') return secret === `${provider}-secret`
  const [header = '', claims = '', signature = ''] = secret.split('.')
  const bytes = Uint8Array.from(atob(signature.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const { iss, sub, aud, exp } = JSON.parse(atob(claims)) as { iss: string; sub: string; aud: string; exp: number }
  return (
    (await crypto.subtle.verify(EC, appleKey.publicKey, bytes, utf8(`${header}.${claims}`) as BufferSource)) &&
    (JSON.parse(atob(header)) as { kid: string }).kid === 'KEY' &&
    [iss, sub, aud].join() === 'TEAM,apple-client,https://appleid.apple.com' &&
    exp > Date.now() / 1000
  )
}

const issuerOf = (provider: string, person: Person): string =>
  provider === 'microsoft'
    ? `${BASE}/microsoft/${(person['tid'] as string | undefined) ?? TENANT}/v2.0`
    : `${BASE}/${provider}`

async function idToken({ provider, person, lies, asked }: Issued): Promise<string> {
  const at = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuerOf(provider, person),
    aud: asked.get('client_id'),
    iat: at,
    exp: at + 300,
    nonce: asked.get('nonce'),
    ...(provider === 'microsoft' && { tid: TENANT }),
    ...person,
    ...lies.claims,
  }
  const header = { alg: 'RS256', kid: 'one', ...lies.header }
  const body = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
  return `${body}.${base64url(await signatureOf(body, lies.key))}`
}

async function signatureOf(body: string, how: Deceit['key']): Promise<Uint8Array> {
  const bytes = utf8(body) as BufferSource
  if (how === 'none') return new Uint8Array()
  if (how === 'public as secret') {
    const secret = (await crypto.subtle.exportKey('spki', key.publicKey)) as ArrayBuffer
    const hmac = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    return new Uint8Array(await crypto.subtle.sign('HMAC', hmac, bytes))
  }
  return new Uint8Array(await crypto.subtle.sign(RSA, (how === 'foreign' ? foreign : key).privateKey, bytes))
}

/** The APIs for profiles, as they are documented. */
function api({ provider, person: { sub, email, email_verified, ...more } }: Issued, path: string): Response {
  if (provider === 'kakao' && path === 'v2/user/me') {
    const account =
      email === undefined
        ? { email_needs_agreement: true }
        : { email, is_email_valid: true, is_email_verified: email_verified }
    return json({ id: Number(sub), kakao_account: account, ...more })
  }
  if (provider === 'naver' && path === 'v1/nid/me') {
    return json({ resultcode: '00', message: 'success', response: { id: sub, email } })
  }
  if (provider === 'github' && path === 'user') return json({ id: Number(sub), login: 'someone' })
  if (provider === 'github' && path === 'user/emails') {
    return json([
      { email: 'unused@example.com', primary: false, verified: true },
      ...(email === undefined ? [] : [{ email, primary: true, verified: email_verified }]),
    ])
  }
  return json({ error: 'not_found' }, 404)
}

export const metadata = () => ({
  issuer: `${BASE}/oidc`,
  authorization_endpoint: `${BASE}/oidc/authorize`,
  token_endpoint: `${BASE}/oidc/token`,
  jwks_uri: `${BASE}/oidc/jwks`,
  id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
})

/** A browser with its cookies. */
export class Browser {
  cookies = new Map<string, string>()
  readonly own: Env

  constructor(own: Env, token?: string) {
    this.own = own
    if (token !== undefined) this.cookies.set('__Host-latchkey', token)
  }

  async go(method: string, path: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = form && new URLSearchParams(form)
    const answer = await callIn(this.own, method, path, {
      ...(body && { body }),
      headers: { Cookie, ...(method === 'POST' && SAME_ORIGIN), ...headers },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/Max-Age=0/i.test(cookie)) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return answer
  }

  /** The access token of the session, if this browser is signed in. */
  get token(): string | undefined {
    return this.cookies.get('__Host-latchkey')
  }

  /** Presses the button. Returns the address at the provider. */
  async leave(provider: ProviderName, query = ''): Promise<string> {
    const answer = await this.go('GET', `/login/with/${provider}${query}`)
    expect(answer.status).toBe(303)
    return answer.headers.get('Location')!
  }

  /** The same on the account page, to link. */
  async leaveToLink(provider: ProviderName): Promise<string> {
    const answer = await this.go('POST', `/account/identities/${provider}`, { connect: 'yes' })
    expect(answer.status).toBe(200)
    return answer.headers.get('Refresh')!.replace(/^0;url=/, '')
  }

  comeBack = (provider: ProviderName, back: URLSearchParams) =>
    this.go('GET', `/login/with/${provider}/callback?${back.toString()}`)

  /** The whole way. */
  async signInWith(
    at: StandIn,
    provider: ProviderName,
    person: Person,
    lies: Deceit = {},
    query = '',
  ): Promise<Response> {
    return this.comeBack(provider, at.authorize(provider, await this.leave(provider, query), person, lies))
  }

  async link(at: StandIn, provider: ProviderName, person: Person, lies: Deceit = {}): Promise<Response> {
    return this.comeBack(provider, at.authorize(provider, await this.leaveToLink(provider), person, lies))
  }
}
