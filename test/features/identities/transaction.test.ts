import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ProviderName } from '../../../src/features/identities/providers/provider.ts'
import {
  BASE,
  Visitor,
  clock,
  type Deceit,
  dump,
  freshDatabase,
  handleOf,
  insertClient,
  MANY,
  metadata,
  nobody,
  now,
  type Person,
  StandIn,
  times,
  withProviders,
} from '../../support.ts'

freshDatabase()

let at: StandIn
let serial = 0
const person = (): Person => ({ sub: String(++serial + 90_000), email: nobody(), email_verified: true })
const OPEN = withProviders({ OIDC_TRUST_EMAIL: 'on' })

beforeEach(() => {
  at = new StandIn()
  clock.skipWaits()
})
afterEach(() => void vi.restoreAllMocks())

/** Everything but what was spent. */
async function stored() {
  const all = await dump()
  return JSON.stringify(Object.entries(all).filter(([table]) => table !== 'spent'))
}

/** Tries, and sees that nobody is in, nothing was written, and nobody was asked whom the settings do not name. */
async function refused(run: (browser: Visitor) => Promise<Response>, browser = new Visitor(OPEN)): Promise<string> {
  const before = await stored()
  const answer = await run(browser)
  const text = await answer.text()
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  expect(answer.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
  expect(text).toContain('role="alert"')
  expect(text).not.toMatch(/at \w+ \(|node_modules|client-secret|oauth4webapi/)
  expect(browser.token).toBeUndefined()
  expect(await stored()).toBe(before)
  expect(at.requests.filter((address) => !address.startsWith(`${BASE}/`))).toEqual([])
  return text
}

describe('an answer', () => {
  const OTHERS: Record<
    string,
    (back: URLSearchParams, browser: Visitor) => Promise<[Visitor, ProviderName, URLSearchParams]>
  > = {
    'without a state': (back, browser) => {
      back.delete('state')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with an empty state': (back, browser) => {
      back.set('state', '')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with another state': (back, browser) => {
      back.set('state', 'f'.repeat(64))
      return Promise.resolve([browser, 'oidc', back])
    },
    'in another browser': (back) => Promise.resolve([new Visitor(OPEN), 'oidc', back]),
    'in another browser, which has begun too': async (back) => {
      const other = new Visitor(OPEN)
      await other.leave('oidc')
      return [other, 'oidc', back]
    },
    'at another provider': (back, browser) => Promise.resolve([browser, 'google', back]),
    'at a provider that is not there': (back, browser) => Promise.resolve([browser, 'nobody' as ProviderName, back]),
    'after ten minutes': (back, browser) => {
      clock.forward(600)
      return Promise.resolve([browser, 'oidc', back])
    },
    'that was used': async (back, browser) => {
      const copy = new Map(browser.cookies)
      await browser.comeBack('oidc', back)
      browser.cookies = copy
      return [browser, 'oidc', back]
    },
    'whose cookie was changed': (back, browser) => {
      const sealed = browser.cookies.get('__Host-latchkey-with')!
      browser.cookies.set('__Host-latchkey-with', sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA'))
      return Promise.resolve([browser, 'oidc', back])
    },
    'with a cookie for http': (back, browser) => {
      browser.cookies.set('latchkey-with', browser.cookies.get('__Host-latchkey-with')!)
      browser.cookies.delete('__Host-latchkey-with')
      return Promise.resolve([browser, 'oidc', back])
    },
    'of another issuer': (back, browser) => {
      back.set('iss', 'https://evil.example')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with an error': (back, browser) => {
      back.delete('code')
      back.set('error', 'server_error')
      return Promise.resolve([browser, 'oidc', back])
    },
    'without a code': (back, browser) => {
      back.delete('code')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with two codes': (back, browser) => {
      back.append('code', 'another')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with a code that nobody gave': (back, browser) => {
      back.set('code', 'another')
      return Promise.resolve([browser, 'oidc', back])
    },
    'with an ID token': (back, browser) => {
      back.set('id_token', 'e30.e30.')
      return Promise.resolve([browser, 'oidc', back])
    },
  }

  it.each(Object.keys(OTHERS))('%s signs nobody in', async (what) => {
    const begun = new Visitor(OPEN)
    const [browser, provider, back] = await OTHERS[what]!(
      at.authorize('oidc', await begun.leave('oidc'), person()),
      begun,
    )
    browser.cookies.delete('__Host-latchkey')
    await refused(() => browser.comeBack(provider, back), browser)
  })

  it.each([
    ['once, says the provider', {}, 400],
    ['once, although the provider takes the code again', { again: true }, 401],
  ] as const)('works %s, of fifty times', MANY, async (_who, lies, refusedWith) => {
    const browser = new Visitor(OPEN)
    const who = person()
    const back = at.authorize('oidc', await browser.leave('oidc'), who, lies)
    const copies = Array.from({ length: times(50, 20) }, () => {
      const copy = new Visitor(OPEN)
      copy.cookies = new Map(browser.cookies)
      return copy
    })
    const answers = await Promise.all(copies.map((copy) => copy.comeBack('oidc', back)))
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === refusedWith)).toHaveLength(copies.length - 1)
    const sessions = env.DB.prepare(
      'SELECT count(*) AS n FROM sessions WHERE user_id = (SELECT id FROM users WHERE email = ?)',
    )
    expect(await sessions.bind(who.email).first('n')).toBe(1)
  })

  it('for one provider is not taken at another, even with a code of that one', async () => {
    const browser = new Visitor(OPEN)
    const asked = new URL(await browser.leave('oidc')).searchParams
    at.issue('mixed', 'google', person(), { nonce: asked.get('nonce')! })
    const back = new URLSearchParams({ code: 'mixed', state: asked.get('state')! })
    await refused((b) => b.comeBack('google', back), browser)
  })

  it('that a page of the provider posts becomes a GET with the same parameters, and nothing else', async () => {
    const before = await stored()
    const browser = new Visitor(OPEN)
    const form = {
      code: 'a&b',
      state: 's',
      iss: 'i',
      user: '{"name":"x"}',
      id_token: 'x',
      return_to: 'https://evil.example',
    }
    const cross = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://appleid.apple.com' }
    const answer = await browser.go('POST', '/login/with/apple/callback', form, cross)
    expect([answer.status, answer.headers.get('Location')]).toEqual([
      303,
      '/login/with/apple/callback?code=a%26b&state=s&iss=i',
    ])
    expect([answer.headers.getSetCookie(), await stored()]).toEqual([[], before])
  })

  it('that says that the person declined leads back to the login, and to the page to return to', async () => {
    const browser = new Visitor(OPEN)
    const back = at.authorize('oidc', await browser.leave('oidc', '?return_to=/account'), person())
    back.delete('code')
    back.set('error', 'access_denied')
    const answer = await browser.comeBack('oidc', back)
    const to = '/login?return_to=%2Faccount&done=turned_back'
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, to])
    expect(await (await browser.go('GET', to)).text()).toContain('you turned back')
  })

  it('leads to the page to return to, and to no other', async () => {
    for (const [asked, to] of [
      ['/account', '/account'],
      ['https://evil.example', '/login'],
      ['//evil.example', '/login'],
    ]) {
      const browser = new Visitor(OPEN)
      const answer = await browser.signInWith(at, 'oidc', person(), {}, `?return_to=${encodeURIComponent(asked!)}`)
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, to])
    }
  })
})

describe('a request to a provider', () => {
  it('fits in a cookie, however long the request of the application is that it returns to', async () => {
    const app = await insertClient()
    for (const [length, leadsBack] of [
      [1_400, true],
      [2_048, false], // the person is signed in, and begins again at the application
    ] as const) {
      const path = await handleOf(app, { state: 's'.repeat(length) })
      const browser = new Visitor(OPEN)
      const address = await browser.leave('oidc', `?return_to=${path}`)
      expect(browser.cookies.get('__Host-latchkey-with')!.length).toBeLessThan(4_050)
      const answer = await browser.comeBack('oidc', at.authorize('oidc', address, person()))
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, leadsBack ? path : '/login'])
    }
  })

  it('has a challenge, a state and a nonce of its own each time, which no script can read', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const browser = new Visitor(OPEN)
      const answer = await browser.go('GET', '/login/with/oidc')
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-latchkey-with=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
      ])
      const asked = new URL(answer.headers.get('Location')!).searchParams
      expect(asked.get('code_challenge_method')).toBe('S256')
      expect(asked.get('nonce')).toMatch(/^[\da-f]{64}$/)
      expect(asked.get('state')).toMatch(/^[\da-f]{64}$/)
      for (const name of ['code_challenge', 'nonce', 'state']) seen.add(asked.get(name)!)
    }
    expect(seen.size).toBe(9)
  })

  it.each(['GOOGLE_CLIENT_SECRET', 'GOOGLE_CLIENT_ID', 'PUBLIC_URL', 'LATCHKEY_SECRET'])(
    'is not made without %s',
    async (name) => {
      const own = withProviders({ [name]: '' })
      const text = await refused((browser) => browser.go('GET', '/login/with/google'), new Visitor(own))
      expect(text).toContain('role="alert"')
      const login = await new Visitor(own).go('GET', '/login')
      expect(await login.text()).not.toContain('/login/with/google')
    },
  )
})

const hs256 = { alg: 'HS256' }
const WRONG: Record<string, Deceit> = {
  'signed with another key': { key: 'foreign' },
  'not signed': { key: 'none' },
  'of the algorithm none': { key: 'none', header: { alg: 'none' } },
  'of HS256, with the public key': { key: 'public as secret', header: hs256 },
  'of HS256, without a key id': { key: 'public as secret', header: { ...hs256, kid: undefined } },
  'of another algorithm': { header: { alg: 'RS512' } },
  'with an unknown key': { header: { kid: 'two' } },
  'with a critical extension': { header: { crit: ['x'], x: 1 } },
  'of another issuer': { claims: { iss: 'https://evil.example' } },
  'of an issuer with a slash': { claims: { iss: `${BASE}/oidc/` } },
  'for another client': { claims: { aud: 'another' } },
  'for nobody': { claims: { aud: undefined } },
  'for several, without azp': { claims: { aud: ['oidc-client', 'another'] } },
  'for several, with another azp': { claims: { aud: ['oidc-client', 'another'], azp: 'another' } },
  'with another azp': { claims: { azp: 'another' } },
  'that has expired': { claims: { exp: 1_000_000_000 } },
  'without an end': { claims: { exp: undefined } },
  'that is not valid yet': { claims: { nbf: 4_000_000_000 } },
  'with another nonce': { claims: { nonce: 'another' } },
  'without a nonce': { claims: { nonce: undefined } },
  'without a subject': { claims: { sub: undefined } },
  'with an empty subject': { claims: { sub: '' } },
  'with a number as its subject': { claims: { sub: 1 } },
  'with a long subject': { claims: { sub: 'x'.repeat(256) } },
  'with a subject that no text may have': { claims: { sub: 'a\u0000b' } },
  'of a megabyte': { claims: { filling: 'x'.repeat(1_000_000) } },
}

describe('an ID token', () => {
  it.each(Object.keys(WRONG))('%s signs nobody in', async (what) => {
    const text = await refused((browser) => browser.signInWith(at, 'oidc', person(), WRONG[what]))
    expect(text).toContain('did not work')
  })

  it('within 30 seconds of its end is accepted, and no later', async () => {
    for (const [late, isIn] of [
      [29, true],
      [31, false],
    ] as const) {
      const browser = new Visitor(OPEN)
      await browser.signInWith(at, 'oidc', person(), { claims: { exp: now() - late } })
      expect([late, browser.token !== undefined]).toEqual([late, isIn])
    }
  })

  it('of a tenant of Microsoft is compared with the tenants of the settings', async () => {
    const [mine, theirs, personal] = [
      '11111111-2222-3333-4444-555555555555',
      '99999999-2222-3333-4444-555555555555',
      '9188040d-6c67-4c5b-b112-36a304b66dad',
    ]
    const issuer = (tid: string) => `${BASE}/microsoft/${tid}/v2.0`
    for (const [MICROSOFT_TENANT, tid, iss, isIn] of [
      [mine, mine, issuer(mine), true],
      [mine, theirs, issuer(theirs), false],
      ['common', theirs, issuer(theirs), true],
      ['common', personal, issuer(personal), true],
      ['common', mine, issuer(theirs), false],
      ['common', '../evil', issuer('../evil'), false],
      ['common', undefined, `${BASE}/microsoft/common/v2.0`, false],
      ['organizations', mine, issuer(mine), true],
      ['organizations', personal, issuer(personal), false],
      ['consumers', personal, issuer(personal), true],
      ['consumers', mine, issuer(mine), false],
    ] as const) {
      const browser = new Visitor(withProviders({ MICROSOFT_TENANT }))
      await browser.signInWith(at, 'microsoft', { ...person(), xms_edov: true }, { claims: { tid, iss } })
      expect([MICROSOFT_TENANT, tid, browser.token !== undefined]).toEqual([MICROSOFT_TENANT, tid, isIn])
    }
  })
})

const json =
  (body: unknown, status = 200, headers = {}) =>
  () =>
    new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })
const BROKEN: Record<string, () => Response | Promise<Response>> = {
  'an error': json({ error: 'invalid_grant' }, 400),
  'an error with 200': json({ error: 'bad_verification_code' }),
  'a 500': json({}, 500),
  'a redirect': json({}, 302, { Location: 'https://evil.example/' }),
  'no JSON': () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }),
  'half of a JSON': () => new Response('{"access_token": "', { headers: { 'Content-Type': 'application/json' } }),
  'an array': json([]),
  null: json(null),
  nothing: () => new Response(null, { status: 200, headers: { 'Content-Type': 'application/json' } }),
  'too much': () => new Response('x'.repeat(200_000), { headers: { 'Content-Type': 'application/json' } }),
  'a broken connection': () => Promise.reject(new TypeError('Network connection lost.')),
}

describe.each([
  ['oidc', '/oidc/token'],
  ['oidc', '/oidc/jwks'],
  ['github', '/login/oauth/access_token'],
  ['github', '/user'],
  ['github', '/user/emails'],
  ['kakao', '/oauth/token'],
  ['kakao', '/v2/user/me'],
  ['naver', '/oauth2.0/token'],
  ['naver', '/v1/nid/me'],
  ['apple', '/auth/keys'],
] as const)('where %s answers at %s with', (provider, path) => {
  it.each(Object.keys(BROKEN))('%s, nobody is signed in', async (how) => {
    const own = withProviders()
    const who = { ...person(), email_verified: true }
    const isKeys = /keys|jwks/.test(path)
    if (isKeys) clock.forward(3_000) // what is known is too old
    const lies: Deceit = { answers: { [path]: BROKEN[how]! } }
    const browser = new Visitor(own)
    if (isKeys) at.lies = lies
    // Of GitHub's addresses, none is one that an account could have: it is not there.
    await refused((b) => b.signInWith(at, provider, who, lies), browser)
  })

  it('nothing at all, the person waits ten seconds and is told', async () => {
    const hurry = clock.hurry()
    const own = withProviders()
    if (/keys|jwks/.test(path)) clock.forward(3_000)
    const lies: Deceit = { answers: { [path]: () => new Promise<Response>(() => {}) } }
    const browser = new Visitor(own)
    if (/keys|jwks/.test(path)) at.lies = lies
    await refused((b) => b.signInWith(at, provider, person(), lies), browser)
    expect(hurry).toHaveBeenCalledWith(10_000)
  })
})

describe('an API', () => {
  it.each<[ProviderName, string, unknown]>([
    [
      'kakao',
      '/v2/user/me',
      { id: 1, kakao_account: { email: 'x@example.com', is_email_valid: true, is_email_verified: true } },
    ],
    ['naver', '/v1/nid/me', { resultcode: '024', message: 'Authentication failed' }],
    ['naver', '/v1/nid/me', { resultcode: '00', response: {} }],
    ['github', '/user', { id: 'admin' }],
    ['github', '/user', { login: 'admin' }],
  ])('of %s that answers at %s with %j signs nobody in', async (provider, path, body) => {
    await refused((browser) => browser.signInWith(at, provider, person(), { answers: { [path]: json(body) } }))
  })
})

describe('the discovery', () => {
  const newIssuer = () => `${BASE}/oidc/${++serial}`
  const own = (OIDC_ISSUER = newIssuer()) => withProviders({ OIDC_ISSUER })
  const says = (changed: object) => (issuer: string) => json({ ...metadata(), issuer, ...changed })

  it.each<[string, (issuer: string) => () => Response | Promise<Response>]>([
    ['names another issuer', () => json({ ...metadata(), issuer: 'https://evil.example' })],
    ['names no issuer', () => json({ ...metadata(), issuer: undefined })],
    ['is a redirect', () => json({}, 302, { Location: 'http://169.254.169.254/' })],
    ['is too long', (issuer) => json({ ...metadata(), issuer, filling: 'x'.repeat(100_000) })],
    ['is not there', () => json({}, 404)],
    ['asks for tokens at a private address', says({ token_endpoint: 'http://169.254.169.254/token' })],
    ['asks for tokens at another port', says({ token_endpoint: 'http://127.0.0.1:1/token' })],
    ['has its keys elsewhere', says({ jwks_uri: 'https://evil.example/keys' })],
    ['has its keys in a file', says({ jwks_uri: 'file:///etc/passwd' })],
    ['sends people elsewhere', says({ authorization_endpoint: 'https://evil.example/authorize' })],
    ['sends people to a script', says({ authorization_endpoint: 'javascript:alert(1)' })],
    ['has no endpoint', says({ token_endpoint: undefined })],
  ])('that %s leads nowhere', async (_what, answer) => {
    const issuer = newIssuer()
    at.lies = { answers: { '.well-known': answer(issuer) } }
    await refused((browser) => browser.go('GET', '/login/with/oidc'), new Visitor(own(issuer)))
  })

  it('that hangs costs ten seconds, and nothing else', async () => {
    clock.hurry()
    at.lies = { answers: { '.well-known': () => new Promise<Response>(() => {}) } }
    const settings = own()
    const hanging = refused((browser) => browser.go('GET', '/login/with/oidc'), new Visitor(settings))
    const other = new Visitor(settings)
    expect((await other.go('GET', '/login')).status).toBe(200)
    await hanging
  })

  it('may name endpoints at the other origins of the settings', async () => {
    const issuer = `${BASE}/oidc/${++serial}`
    const elsewhere = withProviders({
      OIDC_ISSUER: issuer,
      OIDC_ORIGINS: 'https://accounts.example',
      OIDC_TRUST_EMAIL: 'on',
    })
    at.lies = {
      answers: { '.well-known': says({ authorization_endpoint: 'https://accounts.example/authorize' })(issuer) },
    }
    const answer = await new Visitor(elsewhere).go('GET', '/login/with/oidc')
    expect(answer.headers.get('Location')).toMatch(/^https:\/\/accounts\.example\/authorize\?/)
  })

  it('is read once an hour, and what was known stays in use if it fails', async () => {
    const issuer = newIssuer()
    const settings = own(issuer)
    at.lies = { answers: { '.well-known': says({})(issuer) } }
    const asked = () => at.requests.filter((address) => address.includes('.well-known')).length
    const browser = new Visitor(settings)
    await browser.leave('oidc')
    await browser.leave('oidc')
    expect(asked()).toBe(1)
    clock.forward(3_600)
    at.lies = { answers: { '.well-known': json({}, 500) } }
    await browser.leave('oidc')
    expect(asked()).toBe(2)
  })
})

it('asks for new keys when a token names one that it does not know, at most once a minute', async () => {
  const asked = () => at.requests.filter((address) => address.endsWith('/jwks')).length
  await new Visitor(OPEN).signInWith(at, 'oidc', person())
  clock.forward(61)
  const before = asked()
  await refused((browser) => browser.signInWith(at, 'oidc', person(), { header: { kid: 'two' } }))
  expect(asked()).toBe(before + 1)
  await refused((browser) => browser.signInWith(at, 'oidc', person(), { header: { kid: 'two' } }))
  expect(asked()).toBeLessThanOrEqual(before + 2)
})
