import { describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { allowedReturn } from '../../src/pages/return-to.ts'
import {
  callWith,
  CALM,
  ENV,
  expectProblem,
  freshDatabase,
  insertUser,
  ORIGIN,
  PASSWORD,
  SAME_ORIGIN,
} from '../support.ts'

freshDatabase()

const ALLOWED_RETURN_URLS = 'https://app.example/callback https://bare.example, http://localhost:3000/'
const OWN: Env = { ...CALM, ALLOWED_RETURN_URLS } as Env

const ALLOWED = [
  '/account',
  '/account/email',
  '/account/password',
  '/account/export',
  '/account/delete',
  '/account/confirm',
  '/account/password/remove',
  '/console',
  '/console/audit',
  '/console/numbers',
  '/console/users/7',
  '/console/users/7/factors',
  '/console/users/7/delete',
  'https://app.example/callback',
  'https://bare.example',
  'http://localhost:3000/',
]

const HOSTILE = [
  '',
  '/',
  '//evil.example',
  '///evil.example',
  '////evil.example/account',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/account//evil.example',
  '/account\\evil.example',
  '/account/../../evil',
  '/account/..',
  '/account/',
  '/account.evil.example',
  '/account@evil.example',
  '/console/',
  '/console/users',
  '/console/users/',
  '/console/users/x',
  '/console/users/7/',
  '/console/users/7/delete/..',
  '/console/users/7&done=deleted',
  '/console/users//evil.example',
  '/console/users/1234567890123456',
  '/console@evil.example',
  '/account?next=https://evil.example',
  '/account#https://evil.example',
  '/account\r\nSet-Cookie: a=b',
  '/account\n',
  '\n/account',
  ' /account',
  '/account ',
  '\t//evil.example',
  '/\t/evil.example',
  '/account\0',
  '/%61ccount',
  '%2F%2Fevil.example',
  '/%2Fevil.example',
  '/%2F%2Fevil.example',
  '/%2e%2e/account',
  '/%5cevil.example',
  '/%5C%5Cevil.example',
  '/account%0d%0aSet-Cookie:%20a=b',
  '/account%20',
  '/account%00',
  '/%2561ccount',
  '/console/users/%37',
  '/console/users/7%EF%BC%8Fdelete',
  '/Account',
  '/logout',
  '/login',
  '/user/me',
  'account',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'https:evil.example',
  'https:/account',
  'https://evil.example',
  'https://evil.example/account',
  'https://app.example',
  'https://app.example/',
  'https://app.example/callback/',
  'https://app.example/callback?x=1',
  'https://app.example/callback#x',
  'https://app.example/callback/../evil',
  'https://app.example./callback',
  'https://app.example:443/callback',
  'https://app.example@evil.example/callback',
  'https://user:password@app.example/callback',
  'https://app.example.evil.example/callback',
  'https://evilapp.example/callback',
  'https://APP.example/callback',
  'HTTPS://app.example/callback',
  'http://app.example/callback',
  'https://app.example\\callback',
  'https://app.example%2Fcallback',
  'https://app.example/callback\r\nLocation: https://evil.example',
  'https://app.example/callback,https://evil.example',
  'https://bare.example/',
  'https://bare.example.evil.example',
  'https://bare.example@evil.example',
  'http://localhost:3000',
  'http://localhost:30001/',
  ORIGIN,
  `${ORIGIN}/account`,
]

const post = (fields: Record<string, string>) =>
  callWith(OWN, `${ORIGIN}/login`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: SAME_ORIGIN,
    redirect: 'manual',
  })
const get = (path: string, own = OWN) => callWith(own, ORIGIN + path, { redirect: 'manual' })
const encoded = (address: string) => `return_to=${encodeURIComponent(address)}`

describe('where a login leads to', () => {
  it.each(ALLOWED)('may be %s, and is it after an error, too', async (address) => {
    const { email } = await insertUser()
    const html = await (await get(`/login?${encoded(address)}`)).text()
    expect(html).toContain(`<input type="hidden" name="return_to" value="${address}"/>`)
    expect(html).toContain(`<a href="/register?${new URLSearchParams({ return_to: address }).toString()}">`)
    expect(html).toContain(`<a href="/forgot?${new URLSearchParams({ return_to: address }).toString()}">`)
    const wrong = await post({ email, password: 'wrong', return_to: address })
    expect(wrong.status).toBe(401)
    expect(await wrong.text()).toContain(`<input type="hidden" name="return_to" value="${address}"/>`)
    const answer = await post({ email, password: PASSWORD, return_to: address })
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, address])
    const register = await (await get(`/register?${encoded(address)}`)).text()
    expect(register).toContain(`<a href="/login?${new URLSearchParams({ return_to: address }).toString()}">`)
  })

  it.each(HOSTILE)('is never %j', async (address) => {
    expect(allowedReturn(address, config(OWN), { isPage: () => false })).toBeUndefined()
    const html = await (await get(`/login?${encoded(address)}`)).text()
    expect(html).not.toContain('name="return_to"')
    expect(html).toContain('<a href="/register">')
    expect((await get(`/login?${encoded(address)}`)).headers.get('Content-Security-Policy')).toContain(
      "form-action 'self';",
    )
  })

  it('is the page of the login itself where what was asked for is not allowed', async () => {
    const { email } = await insertUser()
    for (const return_to of [
      '//evil.example',
      'https://evil.example',
      '/account\r\nX: y',
      'https://app.example./callback',
    ]) {
      const answer = await post({ email, password: PASSWORD, return_to })
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login'])
    }
  })

  it('is permitted to the form of that page alone', async () => {
    const policyOf = async (path: string) => (await get(path)).headers.get('Content-Security-Policy')
    expect(await policyOf(`/login?${encoded('https://app.example/callback')}`)).toContain(
      "form-action 'self' https://app.example;",
    )
    expect(await policyOf(`/login?${encoded('/account')}`)).toContain("form-action 'self';")
    expect(await policyOf('/login')).toContain("form-action 'self';")
    const wrong = await post({ email: 'nobody@x.example', password: 'x', return_to: 'https://app.example/callback' })
    expect(wrong.headers.get('Content-Security-Policy')).toContain("form-action 'self' https://app.example;")
  })

  it.each([
    'javascript:alert(1)',
    'http://app.example/',
    'https://user@app.example/',
    'https://user:password@app.example/',
    'https:\\\\app.example\\',
    'https://APP.example/',
    'https://app.example/a/../b',
    '/account',
    '*',
    'https://app.example;',
  ])('cannot be set to %s', async (address) => {
    const own = { ...ENV, ALLOWED_RETURN_URLS: `https://good.example/ ${address}` } as Env
    const problem = await expectProblem(await get('/login', own), 503, 'not_ready')
    expect(problem.errors).toEqual([{ field: 'ALLOWED_RETURN_URLS', code: 'not_an_exact_url' }])
  })
})
