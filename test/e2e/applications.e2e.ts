/** The promises to applications: the libraries that real ones use sign people in, renew, ask for more, and learn of the end. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import * as oidc from 'openid-client'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { latchkey } from './cli.ts'
import { engines } from './engines.ts'
import { codeIn, enrolled, PASSWORD, person, withoutOathtool } from './people.ts'
import { python, withoutPython } from './python.ts'
import { type Service, startService } from './service.ts'

const { en } = words

type Registered = { client_id: string; client_secret: string; name: string }

/** Where answers and logout tokens come to. */
let site: Server
let here: string
let logouts: string[] = []
let service: Service
let browser: Browser
let email: string
/** An application of our own that most tests share. */
let plain: Registered

/** What a browser says of an address that answers nothing but a text. */
const openSite = async (): Promise<Server> => {
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      if (request.method === 'POST') logouts.push(new URLSearchParams(body).get('logout_token') ?? '')
      response.setHeader('Content-Type', 'text/html').end('<link rel="icon" href="data:,">arrived')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return server
}

/** Registers an application whose answers come to the site of this test. */
async function register(...options: string[]): Promise<Registered> {
  const name = `Application ${Math.random().toString(36).slice(2)}`
  const args = ['clients', 'create', name, '--redirect-uri', `${here}/callback`, ...options]
  const { code, stdout, stderr } = await latchkey([...args, '--json', '--persist-to', service.persistTo])
  expect(`${code} ${stderr}`).toMatch(/^0 /)
  return JSON.parse(stdout) as Registered
}

const discover = ({ client_id, client_secret }: Registered, more: Partial<oidc.ClientMetadata> = {}) =>
  oidc.discovery(new URL(service.url), client_id, { client_secret, ...more }, undefined, {
    // The second one verifies id tokens with the published keys, which code over TLS need not.
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })

type Started = { url: URL; checks: oidc.AuthorizationCodeGrantChecks }

/** An authorization request with everything that protects it. */
async function begin(config: oidc.Configuration, parameters: Record<string, string> = {}): Promise<Started> {
  const [pkceCodeVerifier, expectedState, expectedNonce] = [
    oidc.randomPKCECodeVerifier(),
    oidc.randomState(),
    oidc.randomNonce(),
  ]
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${here}/callback`,
    scope: 'openid email profile',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...parameters,
  })
  return { url, checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true } }
}

async function opened(options: BrowserContextOptions = {}): Promise<[Page, string[]]> {
  const [page, complaints] = await openPage(browser, options)
  page.setDefaultTimeout(30_000)
  return [page, complaints]
}

/** The address that the browser was sent back to. */
async function answerIn(page: Page): Promise<URL> {
  await page.waitForURL((url) => url.href.startsWith(`${here}/callback?`))
  return new URL(page.url())
}

const type = (page: Page, name: string, text: string) => page.locator(`input[name=${name}]`).fill(text)

async function logIn(page: Page, { email, password } = service.demo): Promise<void> {
  await type(page, 'email', email)
  await type(page, 'password', password)
  await page.getByRole('button', { name: en.signIn, exact: true }).click()
}

/** What a client gets that asks for this in a browser where somebody is signed in. */
async function granted(page: Page, config: oidc.Configuration, parameters?: Record<string, string>) {
  const { url, checks } = await begin(config, parameters)
  await page.goto(url.href)
  return oidc.authorizationCodeGrant(config, await answerIn(page), checks)
}

/** The error that a client gets. */
async function refusal(page: Page, config: oidc.Configuration, parameters: Record<string, string>): Promise<unknown> {
  return granted(page, config, parameters).then(
    () => 'nothing was refused',
    (error: unknown) => (error instanceof oidc.AuthorizationResponseError ? error.error : error),
  )
}

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) =>
      error instanceof oidc.ResponseBodyError || error instanceof oauth.ResponseBodyError ? error.error : error,
  )

describe.skipIf(withoutChromium())('an application', () => {
  beforeAll(async () => {
    site = await openSite()
    here = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
    service = await startService({ vars: { BCRYPT_COST: '10' } })
    email = service.demo.email
    plain = await register()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await service?.stop()
    site?.close()
  })

  describe('with openid-client', () => {
    it('signs somebody in, renews, and ends it', async () => {
      const config = await discover(plain)
      const { url, checks } = await begin(config, { max_age: '600', login_hint: email })
      const [page, complaints] = await opened()
      await page.goto(url.href)
      expect(await page.locator('input[name=email]').inputValue()).toBe(email)
      await logIn(page)
      const tokens = await oidc.authorizationCodeGrant(config, await answerIn(page), { ...checks, maxAge: 600 })
      const { sub, ...claims } = tokens.claims()!
      expect(claims).toMatchObject({ email, acr: 'aal1', amr: ['pwd'] })
      expect(claims).not.toHaveProperty('name')
      expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'openid email profile' })
      expect(tokens.expiresIn()).toBeGreaterThan(3_500)
      expect(await oidc.fetchUserInfo(config, tokens.access_token, sub)).toMatchObject({ sub, email })

      const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token!)
      expect(renewed.refresh_token).not.toBe(tokens.refresh_token)
      expect(renewed.claims()).toMatchObject({ sub, sid: claims['sid'], auth_time: claims['auth_time'] })
      await oidc.tokenRevocation(config, renewed.refresh_token!)
      expect(await errorOf(oidc.refreshTokenGrant(config, renewed.refresh_token!))).toBe('invalid_grant')
      const gone = oidc.fetchUserInfo(config, renewed.access_token, sub)
      await expect(gone).rejects.toBeInstanceOf(oidc.WWWAuthenticateChallengeError)
      expect(complaints).toEqual([])
      await page.context().close()
    })

    it('is refused a code the second time, and loses what the first gave', async () => {
      const config = await discover(plain)
      const { url, checks } = await begin(config)
      const [page] = await opened()
      await page.goto(url.href)
      await logIn(page)
      const answer = await answerIn(page)
      const tokens = await oidc.authorizationCodeGrant(config, answer, checks)
      expect(await errorOf(oidc.authorizationCodeGrant(config, answer, checks))).toBe('invalid_grant')
      expect(await errorOf(oidc.refreshTokenGrant(config, tokens.refresh_token!))).toBe('invalid_grant')
      await page.context().close()
    })

    it('is answered by prompt=none what is so, and asks nobody', async () => {
      const [own, other] = [await discover(plain), await discover(await register('--third-party'))]
      const none = { prompt: 'none' }
      const [page, complaints] = await opened()
      expect(await refusal(page, own, none)).toBe('login_required')
      const { url, checks } = await begin(own)
      await page.goto(url.href)
      await logIn(page)
      await oidc.authorizationCodeGrant(own, await answerIn(page), checks)
      expect((await granted(page, own, none)).claims()).toMatchObject({ email })
      expect(await refusal(page, other, none)).toBe('consent_required')
      expect(await refusal(page, own, { ...none, acr_values: 'aal2' })).toBe('login_required')
      expect(complaints).toEqual([])
      await page.context().close()
    })

    it('has somebody show again who they are, with prompt=login', async () => {
      const config = await discover(plain)
      const [page] = await opened()
      const first = await begin(config)
      await page.goto(first.url.href)
      await logIn(page)
      const before = await oidc.authorizationCodeGrant(config, await answerIn(page), first.checks)
      await page.waitForTimeout(1_100) // times are whole seconds
      const { url, checks } = await begin(config, { prompt: 'login' })
      await page.goto(url.href)
      await type(page, 'password', service.demo.password)
      await page.locator('button[type=submit]').first().click()
      const after = await oidc.authorizationCodeGrant(config, await answerIn(page), checks)
      expect(after.claims()!['auth_time']).toBeGreaterThan(Number(before.claims()!['auth_time']))
      await page.context().close()
    })

    it.skipIf(withoutOathtool())('has a second factor on the way, and its level in the id token', async () => {
      const own = await person(service.persistTo)
      const secret = await enrolled(service.url, own)
      const config = await discover(plain)
      const { url, checks } = await begin(config, { acr_values: 'aal2', ui_locales: 'en' })
      const [page, complaints] = await opened()
      await page.goto(url.href)
      await logIn(page, { email: own, password: PASSWORD })
      await type(page, 'totp', codeIn(secret, 0))
      await page.getByRole('button', { name: en.totp.useCode, exact: true }).click()
      const tokens = await oidc.authorizationCodeGrant(config, await answerIn(page), checks)
      const claims = tokens.claims()!
      expect(claims).toMatchObject({ acr: 'aal2', email: own })
      expect(claims['amr']).toEqual(expect.arrayContaining(['pwd', 'otp', 'mfa']))
      expect(complaints).toEqual([])
      await page.context().close()
    })

    it('of a third party is allowed once, asked about again for more, and removed on the account page', async () => {
      const registered = await register('--third-party', '--backchannel-logout-uri', `${here}/logout`)
      const config = await discover(registered)
      const [page, complaints] = await opened({ javaScriptEnabled: false })
      const first = await begin(config, { scope: 'openid' })
      await page.goto(first.url.href)
      await logIn(page)
      const allow = page.getByRole('button', { name: 'Allow', exact: true })
      await allow.click()
      await oidc.authorizationCodeGrant(config, await answerIn(page), first.checks)
      await granted(page, config, { scope: 'openid' }) // remembered

      const more = await begin(config, { scope: 'openid email offline_access' })
      await page.goto(more.url.href)
      await allow.click()
      const tokens = await oidc.authorizationCodeGrant(config, await answerIn(page), more.checks)
      expect(tokens.claims()).toMatchObject({ email })

      logouts = []
      await page.goto(`${service.url}/account`)
      const own = page.getByRole('listitem').filter({ hasText: registered.name })
      await Promise.all([page.waitForEvent('load'), own.getByRole('button', { name: 'Remove' }).click()])
      expect(await errorOf(oidc.refreshTokenGrant(config, tokens.refresh_token!))).toBe('invalid_grant')
      await vi.waitFor(() => expect(logouts).toHaveLength(3), 20_000)
      expect(await refusal(page, config, { scope: 'openid', prompt: 'none' })).toBe('consent_required')
      const again = await begin(config, { scope: 'openid' })
      await page.goto(again.url.href)
      await page.getByRole('button', { name: 'Do not allow', exact: true }).click()
      const denied = oidc.authorizationCodeGrant(config, await answerIn(page), again.checks)
      await expect(denied).rejects.toMatchObject({ error: 'access_denied' })
      expect(complaints).toEqual([])
      await page.context().close()
    })

    it('learns by a logout token which session ended; one that stays offline stays', async () => {
      const registered = await register('--backchannel-logout-uri', `${here}/logout`)
      const config = await discover(registered)
      const [page] = await opened()
      const { url, checks } = await begin(config)
      await page.goto(url.href)
      await logIn(page)
      const online = await oidc.authorizationCodeGrant(config, await answerIn(page), checks)
      const offline = await granted(page, config, { scope: 'openid offline_access' })
      logouts = []
      await page.goto(`${service.url}/account`)
      await Promise.all([page.waitForEvent('load'), page.locator('form[action="/logout"] button').click()])
      await vi.waitFor(() => expect(logouts).toHaveLength(2), 20_000)
      const keys = createRemoteJWKSet(new URL(`${service.url}/oauth/jwks`))
      const options = { issuer: service.url, audience: registered.client_id, typ: 'logout+jwt', algorithms: ['RS256'] }
      const told = await Promise.all(logouts.map(async (token) => (await jwtVerify(token, keys, options)).payload))
      const sids = [online, offline].map((tokens) => tokens.claims()!['sid'])
      expect(new Set(told.map(({ sid }) => sid))).toEqual(new Set(sids))
      for (const payload of told) {
        expect(payload).toMatchObject({ sub: online.claims()!.sub })
        expect(payload['events']).toEqual({ 'http://schemas.openid.net/event/backchannel-logout': {} })
        expect(payload).not.toHaveProperty('nonce')
      }
      expect(await errorOf(oidc.refreshTokenGrant(config, online.refresh_token!))).toBe('invalid_grant')
      expect((await oidc.refreshTokenGrant(config, offline.refresh_token!)).scope).toBe('openid offline_access')
      await page.context().close()
    })
  })

  it.each(engines.filter(({ isMissing }) => !isMissing))(
    'is allowed, and signed out of, in $name, which lets its forms lead to another site',
    async ({ start }) => {
      const config = await discover(await register('--third-party', '--post-logout-redirect-uri', `${here}/out`))
      const { url, checks } = await begin(config, { scope: 'openid' })
      const window = await start()
      try {
        const signIn = async (to: URL) => {
          await window.open(to.href)
          await window.type('#email', email)
          await window.type('#password', service.demo.password)
          await window.press('form[action="/login"] [type=submit]')
        }
        await signIn(url)
        await window.press('[name=decision][value=allow]')
        const tokens = await oidc.authorizationCodeGrant(config, new URL(await window.url()), checks)
        const parameters = { post_logout_redirect_uri: `${here}/out`, state: 'gone' }
        const hinted = { ...parameters, id_token_hint: tokens.id_token! }
        await window.open(oidc.buildEndSessionUrl(config, hinted).href)
        expect(await window.url()).toBe(`${here}/out?state=gone`)
        expect(await errorOf(oidc.refreshTokenGrant(config, tokens.refresh_token!))).toBe('invalid_grant')

        await signIn((await begin(config, { scope: 'openid' })).url)
        expect(await window.url()).toContain(`${here}/callback?code=`)
        await window.open(oidc.buildEndSessionUrl(config, parameters).href) // of whom, nobody says
        expect(await window.text()).toContain('Sign out?')
        await window.press('[name=decision][value=leave]')
        expect(await window.url()).toBe(`${here}/out?state=gone`)
      } finally {
        await window.close()
      }
    },
  )

  describe('with oauth4webapi, which Auth.js uses', () => {
    const insecure = { [oauth.allowInsecureRequests]: true }
    const discovered = async (algorithm: 'oidc' | 'oauth2') => {
      const issuer = new URL(service.url)
      return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }))
    }

    it('finds the same in both documents', async () => {
      expect(await discovered('oauth2')).toEqual(await discovered('oidc'))
    })

    it('signs somebody in with a Basic header, and reads the id token', async () => {
      const { client_id, client_secret } = plain
      const as = await discovered('oidc')
      const client = { client_id }
      const auth = oauth.ClientSecretBasic(client_secret)
      const [verifier, state, nonce] = [
        oauth.generateRandomCodeVerifier(),
        oauth.generateRandomState(),
        oauth.generateRandomNonce(),
      ]
      const redirect_uri = `${here}/callback`
      const url = new URL(as.authorization_endpoint!)
      url.search = new URLSearchParams({
        client_id,
        redirect_uri,
        response_type: 'code',
        scope: 'openid profile email',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      }).toString()
      const [page] = await opened()
      await page.goto(url.href)
      await logIn(page)
      const answer = await answerIn(page)
      expect(() =>
        oauth.validateAuthResponse({ ...as, issuer: 'https://other.example' }, client, answer, state),
      ).toThrow('iss')
      const parameters = oauth.validateAuthResponse(as, client, answer, state)
      const exchange = (how: oauth.ClientAuth, proof: string) =>
        oauth.authorizationCodeGrantRequest(as, client, how, parameters, redirect_uri, proof, insecure)

      const wrong = await exchange(oauth.ClientSecretBasic('wrong-secret_of.it'), verifier)
      expect([wrong.status, await wrong.json()]).toMatchObject([401, { error: 'invalid_client' }])
      const decoy = await exchange(auth, 'decoy')
      expect([decoy.status, await decoy.json()]).toMatchObject([400, { error: 'invalid_grant' }])

      const response = await exchange(auth, verifier) // neither of these has used up the code
      const result = await oauth.processAuthorizationCodeResponse(as, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      await oauth.validateApplicationLevelSignature(as, response, insecure)
      const claims = oauth.getValidatedIdTokenClaims(result)!
      expect(claims).toMatchObject({ email })

      const info = await oauth.userInfoRequest(as, client, result.access_token, insecure)
      expect(await oauth.processUserInfoResponse(as, client, claims.sub, info)).toMatchObject({ email })
      const renewed = await oauth.processRefreshTokenResponse(
        as,
        client,
        await oauth.refreshTokenGrantRequest(as, client, auth, result.refresh_token!, insecure),
      )
      await oauth.processRevocationResponse(
        await oauth.revocationRequest(as, client, auth, renewed.refresh_token!, insecure),
      )
      const over = await oauth.refreshTokenGrantRequest(as, client, auth, renewed.refresh_token!, insecure)
      expect(await errorOf(oauth.processRefreshTokenResponse(as, client, over))).toBe('invalid_grant')
      await page.context().close()
    })

    it('acts for itself, where it may', async () => {
      const as = await discovered('oauth2')
      const grant = async ({ client_id, client_secret }: Registered, scope: string) => {
        const client = { client_id }
        const how = oauth.ClientSecretPost(client_secret)
        const answer = await oauth.clientCredentialsGrantRequest(as, client, how, { scope }, insecure)
        return oauth.processClientCredentialsResponse(as, client, answer)
      }
      expect(await errorOf(grant(plain, 'reports:write'))).toBe('unauthorized_client')
      const may = await register('--credentials', '--scope', 'openid reports:write')
      expect(await grant(may, 'reports:write')).toMatchObject({ expires_in: 600, scope: 'reports:write' })
      expect(await errorOf(grant(may, 'openid'))).toBe('invalid_scope')
    })
  })

  describe('whose tokens others verify with the published keys', () => {
    const API = 'https://api.example.com'

    it.each(['RS256', 'ES256'])('jose and PyJWT take the access token and the %s id token', async (alg) => {
      const registered = await register('--id-token-alg', alg, '--resource', API)
      const config = await discover(registered, { id_token_signed_response_alg: alg })
      const { url, checks } = await begin(config, { resource: API })
      const [page] = await opened()
      await page.goto(url.href)
      await logIn(page)
      const tokens = await oidc.authorizationCodeGrant(config, await answerIn(page), checks)
      await page.context().close()

      const jwks_uri = `${service.url}/oauth/jwks`
      const keys = createRemoteJWKSet(new URL(jwks_uri))
      const cases = [
        { token: tokens.access_token, typ: 'at+jwt', algorithm: 'ES256', audience: API },
        { token: tokens.id_token!, typ: 'JWT', algorithm: alg, audience: registered.client_id },
      ]
      const [by] = withoutPython('jwt', 'cryptography') ? [undefined] : [python]
      for (const { token, typ, algorithm, audience } of cases) {
        const verified = await jwtVerify(token, keys, { typ, algorithms: [algorithm], audience, issuer: service.url })
        expect(verified.payload).toMatchObject({ sub: tokens.claims()!.sub, sid: tokens.claims()!['sid'] })
        const claims = by?.('claims.py', { jwks_uri, token, typ, algorithm, audience, issuer: service.url })
        if (by) expect(claims).toEqual(verified.payload)
      }
    })
  })
})
