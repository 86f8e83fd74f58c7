import { METHOD_NAME_ALL } from 'hono/router'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  administrator,
  call,
  cookieOf,
  dump,
  freshDatabase,
  member,
  type Member,
  ORIGIN,
  pageRoutes,
  PASSWORD,
  SAME_ORIGIN,
} from '../support.ts'

freshDatabase()

let [me, other] = [] as unknown as [Member, Member]
beforeAll(async () => {
  me = await administrator()
  other = await member()
})

const ACTIONS = ['disable', 'enable', 'sessions', 'unlock', 'roles', 'reset', 'delete', 'invite', 'withdraw']
// Pages elsewhere may post there. They are sent on to a GET, and nothing else (test/features/identities, test/features/oauth).
const FROM_ELSEWHERE = ['/login/with/:provider/callback', '/oauth/authorize', '/oauth/end-session']
const FORMS = pageRoutes
  .filter(({ method, path }) => method === 'POST' && !FROM_ELSEWHERE.includes(path))
  .flatMap(({ path }) => (path === '/console/users/:id' ? ACTIONS.map((action) => [path, action]) : [[path]]))
  .map(([path = '', action = '']) => [path, action] as const)

/** Every field that any form has, so that a form which was taken would have done something. */
const fields = (action = '') => ({
  email: me.email,
  password: PASSWORD,
  current_password: PASSWORD,
  new_password: 'another password of somebody',
  end: 'all',
  forget: 'x',
  token: 'x',
  roles: 'admin',
  do: action,
})
const form = (action?: string) => new URLSearchParams(fields(action))

const PLACES: [place: string, headers: Record<string, string>][] = [
  ['a form elsewhere', { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' }],
  ['a form on a neighbouring host', { Origin: 'http://evil.latchkey.test', 'Sec-Fetch-Site': 'same-site' }],
  ['a form elsewhere, in an old browser', { Origin: 'https://evil.example' }],
  ['a sandboxed frame', { Origin: 'null' }],
  ['a page that sends no referrer', { Origin: 'null', 'Sec-Fetch-Site': 'cross-site' }],
  ['a bookmark', { 'Sec-Fetch-Site': 'none' }],
  ['somebody who says nothing', {}],
  ['another port', { Origin: `${ORIGIN}:8080` }],
  ['the other scheme', { Origin: ORIGIN.replace('http:', 'https:') }],
  ['a longer name', { Origin: `${ORIGIN}.evil.example` }],
  ['a referrer elsewhere, in a very old browser', { Referer: 'https://evil.example/' }],
  ['a referrer of a longer name', { Referer: `${ORIGIN}.evil.example/` }],
  ['a sandboxed frame that names us as the referrer', { Origin: 'null', Referer: `${ORIGIN}/` }],
]

describe.each(FORMS)('POST %s %s', (route, action) => {
  const path = () => route.replace(':id', String(other.id))
  let before: Awaited<ReturnType<typeof dump>>
  beforeAll(async () => {
    before = await dump()
  })

  it.each(PLACES)('takes nothing from %s, signed in or not', async (_place, headers) => {
    for (const cookie of [{}, { Cookie: cookieOf(me.token) }]) {
      const answer = await call('POST', path(), { body: form(action), headers: { ...headers, ...cookie } })
      expect(answer.status).toBe(403)
      expect(answer.headers.getSetCookie()).toEqual([])
      expect(answer.headers.get('Location')).toBeNull()
    }
  })

  it.each([
    ['text/plain', () => form(action).toString()],
    ['application/json', () => JSON.stringify(fields(action))],
    ['multipart/form-data; boundary=x', () => form(action).toString()],
    ['application/x-www-form-urlencodedx', () => form(action).toString()],
    ['', () => form(action).toString()],
  ])('takes no body of the type %s', async (type, body) => {
    for (const headers of [SAME_ORIGIN, { Origin: 'https://evil.example' }]) {
      const bytes = new TextEncoder().encode(body())
      const answer = await call('POST', path(), {
        body: bytes,
        headers: { ...headers, Cookie: cookieOf(me.token), ...(type !== '' && { 'Content-Type': type }) },
      })
      expect(answer.status).toBe('Origin' in headers ? 403 : 415)
      expect(answer.headers.getSetCookie()).toEqual([])
    }
  })

  it('takes no body that names a field twice', async () => {
    const headers = { ...SAME_ORIGIN, Cookie: cookieOf(me.token) }
    for (const name of Object.keys(fields())) {
      const body = form(action)
      body.append(name, 'another')
      const answer = await call('POST', path(), { body, headers })
      expect([name, answer.status]).toEqual([name, 422])
      expect(answer.headers.getSetCookie()).toEqual([])
    }
  })

  it('has changed nothing by all that', async () => {
    expect(await dump()).toEqual(before)
  })
})

describe('the pages', () => {
  it('change nothing by being opened, whoever sent the reader there', async () => {
    const paths = pageRoutes.filter(({ method }) => method === 'GET').map(({ path }) => path)
    const before = await dump()
    for (const path of paths) {
      for (const headers of [{}, { Cookie: cookieOf(me.token), 'Sec-Fetch-Site': 'cross-site' }]) {
        await call('GET', `${path.replace(':id', String(other.id))}?${form('delete').toString()}`, { headers })
      }
    }
    expect(await dump()).toEqual(before)
  })

  it('have forms to be tested, and no handler for all methods', () => {
    expect(FORMS.length).toBeGreaterThan(10)
    expect(pageRoutes.filter(({ method }) => method === METHOD_NAME_ALL)).toEqual([])
  })
})
