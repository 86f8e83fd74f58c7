import { Hono } from 'hono'
import { createExecutionContext } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { type AppEnv, pageLoginRequired, Problem, showPage, strictLogin } from '../../src/latchkey.ts'
import { appOf, features } from '../../src/app.ts'
import { allowedReturn } from '../../src/pages/return-to.ts'
import { config } from '../../src/config.ts'
import { CALM, cookieOf, ENV, freshDatabase, insertUser, member, ORIGIN, PASSWORD, SAME_ORIGIN } from '../support.ts'

freshDatabase()

/** Pages as somebody writes them, in every way in which a guard can stand in front of them. */
const group = new Hono<AppEnv>().use(pageLoginRequired).get('/:name', (c) => showPage(c, 'Group', c.req.param('name')))
const handled = new Hono<AppEnv>()
  .get('/handled', pageLoginRequired, (c) => showPage(c, 'Handled', ''))
  .onError((_, c) => c.text('mine', 500))
const mine = new Hono<AppEnv>()
  .get('/mine', pageLoginRequired, (c) => showPage(c, 'Mine & more', `user ${c.var.session.user_id} <b>`))
  .post('/mine', pageLoginRequired, (c) => c.redirect('/mine', 303))
  .post('/form-only', pageLoginRequired, (c) => c.redirect('/mine', 303))
  .get('/refused', pageLoginRequired, () => {
    throw new Problem('insufficient_role')
  })
  .get('/broken', pageLoginRequired, () => {
    throw new Error('a secret of the database')
  })
  .get('/json', strictLogin, (c) => c.json({}))
  .get('/open', (c) => c.text('open'))
  .get('/쪽지', pageLoginRequired, (c) => showPage(c, 'Notes', ''))
  .route('/group', group)
  .route('/', handled)

const { app: whole, registry } = appOf([...features, { name: 'mine', routes: mine }])
const { isPage } = registry

const open = async (path: string, init: RequestInit = {}, own = ENV) =>
  whole.fetch(new Request(ORIGIN + path, init), own, createExecutionContext())

describe('a page of somebody’s own', () => {
  it.each([
    '/mine',
    '/refused',
    '/group/a-b_c.d~e',
    '/group/%ED%95%9C%EA%B8%80',
    '/group/caf%C3%A9%20au%20lait',
    '/group/%c3%a9',
    '/%EC%AA%BD%EC%A7%80',
    '/handled',
  ])('%s is a place to come back to', async (path) => {
    const answer = await open(path)
    expect([answer.status, answer.headers.get('Location')]).toEqual([
      303,
      `/login?return_to=${path.replaceAll('%', '%25')}`,
    ])
    expect(await (await open(answer.headers.get('Location')!)).text()).toContain(`name="return_to" value="${path}"`)
    const { email } = await insertUser()
    const body = new URLSearchParams({ email, password: PASSWORD, return_to: path })
    const login = await open('/login', { method: 'POST', body, headers: SAME_ORIGIN }, CALM)
    expect([login.status, login.headers.get('Location')]).toEqual([303, path])
  })

  it.each(['/json', '/open', '/form-only', '/login', '/logout', '/nothing', '/group', '/brand.css'])(
    '%s is none, because no GET of it is behind the guard',
    (path) => expect(allowedReturn(path, config(ENV), { isPage })).toBeUndefined(),
  )

  it.each([
    '//mine',
    '/mine/',
    '/mine?a=b',
    '/mine#a',
    '/mine\n',
    '/group/..',
    '/group/.',
    '/group/../mine',
    '/group/a%2fb',
    '/group/a b',
    '/group/\\evil.example',
    '/group/a@evil.example',
    '/group/한글',
    '/%2e%2e/',
    '/group/%2e%2e',
    '/group/%2E%2E/mine',
    '/group/.%2e',
    '/%2F%2Fevil.example',
    '/%2f%2fevil.example',
    '/%5cevil.example',
    '/%5C%5Cevil.example',
    '/group/%5C',
    '/group/%252e%252e',
    '/group/%25ED%2595%259C',
    '/group/%25',
    '/group/%0d%0aLocation:%20https://evil.example',
    '/group/%0D%0A',
    '/group/%00',
    '/group/%1F',
    '/group/%09',
    '/group/%7F',
    '/group/%7f',
    '/group/%61',
    '/group/%3Fa',
    '/group/%23a',
    '/group/%',
    '/group/%E',
    '/group/%ED%95',
    '/group/%C0%AE%C0%AE',
    '/group/%FF',
  ])('is nowhere at %j', (path) => expect(allowedReturn(path, config(ENV), { isPage: () => true })).toBeUndefined())

  it('is shown in the frame of ours, with what it says escaped', async () => {
    const { token, id } = await member()
    const answer = await open('/mine?lang=ko', { headers: { Cookie: cookieOf(token) } })
    const html = await answer.text()
    expect(answer.status).toBe(200)
    expect(html).toContain('<html lang="ko">')
    expect(html).toContain('<h1>Mine &amp; more</h1>')
    expect(html).toContain(`user ${id} &lt;b&gt;`)
    expect(html).toContain('href="/mine?lang=en"')
  })

  it('keeps its address as it was asked for', async () => {
    const { token } = await member()
    const html = await (await open('/group/%5Cevil.example%20%25', { headers: { Cookie: cookieOf(token) } })).text()
    expect(html).toContain('href="/group/%5Cevil.example%20%25?lang=ko"')
  })

  it('takes a form of this site alone', async () => {
    const { token } = await member()
    const post = (headers: Record<string, string>) =>
      open('/mine', { method: 'POST', headers: { Cookie: cookieOf(token), ...headers } })
    expect((await post(SAME_ORIGIN)).headers.get('Location')).toBe('/mine')
    const elsewhere = await post({ 'Sec-Fetch-Site': 'cross-site' })
    expect(elsewhere.status).toBe(403)
    expect(elsewhere.headers.get('Content-Type')).toMatch(/^text\/html/)
  })

  it.each([
    ['/refused', 403, 'This needs a role'],
    ['/broken', 500, 'Something went wrong'],
  ])('%s tells a person why, on a page', async (path, status) => {
    const { token } = await member()
    const answer = await open(path, { headers: { Cookie: cookieOf(token) } })
    const html = await answer.text()
    expect(answer.status).toBe(status)
    expect(answer.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
    expect(html).toContain('role="alert"')
    expect(html).not.toMatch(/secret|urn:latchkey/)
  })
})
