import { describe, expect, it } from 'vitest'
import { bearer, callWith, ENV, freshDatabase, PASSWORD, signedIn } from '../support.ts'

freshDatabase()

const OWN = { ...ENV, PUBLIC_URL: '' }

/** A form of the site itself, as a browser without `Sec-Fetch-Site` sends it. */
const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}, env: Env = OWN) =>
  callWith(env, url, {
    method: 'POST',
    redirect: 'manual',
    headers: { Origin: new URL(url).origin, ...headers },
    body: new URLSearchParams(form),
  })

const HERE = ['http://localhost:8787', 'http://localhost', 'http://127.0.0.1:8787', 'http://[::1]:8787']

/** By https, by another name, by a name that only looks like it, and in the place of a user's name. */
const ELSEWHERE = [
  'https://localhost:8787',
  'https://login.example',
  'http://login.example',
  'http://localhost.login.example',
  'http://login.example:8787',
  'http://app.localhost:8787',
  'http://127.0.0.2:8787',
  'http://localhost@login.example',
]

const signIn = async (url: string, env: Env = OWN) => {
  const { email } = await signedIn()
  const answer = await post(`${url}/login`, { email, password: PASSWORD, keep: 'on' }, {}, env)
  expect(answer.status).toBe(303)
  return answer.headers.getSetCookie()
}

/** Who is signed in by this cookie: the status of what asks for a login. */
const opens = async (url: string, Cookie: string, env: Env = OWN) =>
  (await callWith(env, `${url}/user/me`, { headers: { Cookie } })).status

describe('cookies', () => {
  it.each(HERE)('on this machine are plain, because Safari keeps no others: %s', async (url) => {
    const [device, session, renewal, ...others] = await signIn(url)
    expect(others).toEqual([])
    expect(session).toMatch(/^latchkey=[\w.-]+; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(renewal).toMatch(/^latchkey-renewal=lks_[\w-]{77}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(device).toMatch(/^latchkey-device=lkd_[\w-]{70}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Lax$/)
    const [Cookie = ''] = session!.split(';')
    expect(await opens(url, Cookie)).toBe(200)

    const language = await callWith(OWN, `${url}/login?lang=ko`)
    expect(language.headers.get('Set-Cookie')).toBe('lang=ko; Max-Age=34560000; Path=/; HttpOnly; SameSite=Lax')
    const left = await post(`${url}/logout`, {}, { Cookie })
    expect(left.headers.getSetCookie()).toEqual(
      ['latchkey', 'latchkey-renewal'].map((name) => `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`),
    )
    expect(await opens(url, Cookie)).toBe(401)
  })

  it.each(ELSEWHERE)('are neither set nor read without the prefix anywhere else: %s', async (url) => {
    const cookies = await signIn(url.replace('localhost@', ''))
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-latchkey(?:-device|-renewal)?=.*; Secure; /)
    const [Cookie = ''] = cookies[1]!.split(';')
    expect(await opens(url, Cookie)).toBe(200)
    expect(await opens(url, Cookie.replace('__Host-', ''))).toBe(401)
    const [renewal = ''] = cookies[2]!.split(';')
    expect(await opens(url, renewal)).toBe(200)
    expect(await opens(url, renewal.replace('__Host-', ''))).toBe(401)
    expect(await opens(url, Cookie.replace('__Host-latchkey=', 'latchkey=planted; __Host-latchkey='))).toBe(200)
    const language = await callWith(OWN, `${url}/login?lang=ko`)
    expect(language.headers.get('Set-Cookie')).toContain('; Secure')
  })

  it('of a service that people reach by https have the prefix, whatever host a request names', async () => {
    const env = { ...ENV, PUBLIC_URL: 'https://login.example' }
    const cookies = await signIn(HERE[0]!, env)
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-latchkey(?:-device|-renewal)?=.*; Secure; /)
    const [Cookie = ''] = cookies[1]!.split(';')
    expect(await opens(HERE[0]!, Cookie, env)).toBe(200)
    expect(await opens(HERE[0]!, Cookie.replace('__Host-', ''), env)).toBe(401)
  })

  it('of yesterday, with the prefix, are as if they were not there on this machine', async () => {
    const { token } = await signedIn()
    const [url] = HERE
    expect(await opens(url!, `__Host-latchkey=${token}`)).toBe(401)
    expect(await opens(url!, `__Host-latchkey=old; latchkey=${token}`)).toBe(200)
    expect(await opens(url!, `latchkey=${token}; __Host-latchkey=${token}`)).toBe(200)
    expect(await opens(url!, `latchkey=${token}; latchkey=${token}`)).toBe(401) // two of one name: one is planted
    expect((await callWith(OWN, `${url}/user/me`, bearer(token))).status).toBe(200)
  })
})
