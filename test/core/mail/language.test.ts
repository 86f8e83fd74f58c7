import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import {
  bearer,
  call,
  callIn,
  cookieOf,
  ENV,
  freshDatabase,
  insertUser,
  lost,
  mailsTo,
  member,
  nobody,
  open,
  PASSWORD,
  postForm,
  runCron,
  SAME_ORIGIN,
  subjectsTo,
  userAt,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

const down = { ...ENV, EMAIL: { send: () => Promise.reject(new Error('down')) } } as unknown as Env
const languageOf = async (email: string) => (await userAt(email))!.language
const set = (email: string, language: string | null) =>
  env.DB.prepare('UPDATE users SET language = ? WHERE email = ?').bind(language, email).run()
const forgot = (own: Env, email: string) =>
  callIn(own, 'POST', '/user/password/forgot', { json: { email }, headers: { 'Accept-Language': 'en' } })

describe('a mail that waits', () => {
  it('is in the language that its reader has chosen meanwhile', async () => {
    const { email } = await member()
    await set(email, 'en')
    await forgot(down, email)
    await set(email, 'ko')
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await runCron()
    expect(subjectsTo(email)).toEqual(['비밀번호 재설정'])
  })

  it('stays in that of its request without an account that says otherwise, or without an account', async () => {
    const [{ email }, stranger] = [await member(), nobody()]
    await set(email, null)
    const headers = { 'Accept-Language': 'ko' }
    const own = { ...down, CODE_REGISTERS: 'on' } as Env
    await callIn(own, 'POST', '/user/password/forgot', { json: { email }, headers })
    await callIn(own, 'POST', '/user/login/code', { json: { email: stranger }, headers })
    await env.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await runCron()
    expect([...subjectsTo(email), ...subjectsTo(stranger)]).toEqual(['비밀번호 재설정', '회원가입 인증 코드'])
  })
})

describe('a language that is chosen on a page', () => {
  const signIn = (email: string, headers: Record<string, string>) =>
    postForm('/login', { email, password: PASSWORD }, { ...SAME_ORIGIN, ...headers })

  it('before signing in becomes that of the account, and of the mail about the device', async () => {
    const { email } = await insertUser({})
    await set(email, 'en')
    await signIn(email, {})
    await signIn(email, { Cookie: 'lang=ko', 'CF-Connecting-IP': '203.0.113.9' })
    expect(await languageOf(email)).toBe('ko')
    expect(subjectsTo(email).at(-1)).toBe('새 기기에서 로그인했습니다')
  })

  it('is more than what a browser accepts, or what a cookie says that nobody could choose', async () => {
    const { email } = await insertUser({})
    await set(email, 'ko')
    for (const headers of [{ 'Accept-Language': 'en' }, { Cookie: 'lang=fr' }]) {
      expect((await signIn(email, headers)).status).toBe(303)
    }
    expect(await languageOf(email)).toBe('ko')
    expect((await call('POST', '/user/login', { json: { email, password: PASSWORD } })).status).toBe(200)
    expect(await languageOf(email)).toBe('ko')
  })

  it.each(['/account', '/login'])('at %s while signed in becomes that of the account', async (path) => {
    const [user, other] = [await member(), await member()]
    expect((await open(`${path}?lang=ko`, user.token, SAME_ORIGIN)).status).toBe(200)
    expect([await languageOf(user.email), await languageOf(other.email)]).toEqual(['ko', null])
    expect((await open(`${path}?lang=en`, user.token, SAME_ORIGIN)).status).toBe(200)
    expect(await languageOf(user.email)).toBe('en')
  })

  it('by a link on another site, or by one that does not say from where, changes no account', async () => {
    const { email, token } = await member()
    for (const site of ['cross-site', 'same-site', 'none', undefined]) {
      const page = await open('/account?lang=ko', token, site === undefined ? {} : { 'Sec-Fetch-Site': site })
      expect(await page.text()).toContain('<html lang="ko">')
    }
    expect(await languageOf(email)).toBeNull()
  })

  it('is 503 on a page that fits, if it could not be stored', async () => {
    const { email, token } = await member()
    const isolate = watchedIsolate()
    isolate.before = ([text]) => (text!.startsWith('UPDATE users SET language') ? lost() : undefined)
    const headers = { ...SAME_ORIGIN, Cookie: cookieOf(token) }
    const page = await callIn(isolate.env, 'GET', '/account?lang=ko', { headers })
    expect([page.status, (await page.text()).includes('<html lang="ko">')]).toEqual([503, true])
    expect(await languageOf(email)).toBeNull()
  })
})

it('is that of the person, whoever acts', async () => {
  const [admin, user] = [await member(), await member()]
  await env.DB.prepare(`UPDATE users SET roles = '["admin"]' WHERE id = ?`).bind(admin.id).run()
  await set(user.email, 'ko')
  const headers = { ...bearer(admin.token).headers, 'Accept-Language': 'en' }
  await call('POST', `/admin/users/${user.id}/reset`, { headers })
  expect(mailsTo(user.email).at(-1)!.html).toContain('<html lang="ko">')
})
