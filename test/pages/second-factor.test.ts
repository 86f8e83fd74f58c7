import { describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import {
  claimsOf,
  clock,
  codeAt,
  enrolApp,
  freshDatabase,
  leadsTo,
  login,
  member,
  open,
  PASSWORD,
  postForm,
  submit,
  wrongCode,
} from '../support.ts'

freshDatabase()

const say = words.en

/** The hidden fields of the first form with this action, as the browser would send them. */
function hiddenIn(html: string, action: string): Record<string, string> {
  const form = html.slice(html.indexOf(`action="${action}"`)).split('</form>')[0]!
  const fields = [...form.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)]
  return Object.fromEntries(fields.map(([, name, value]) => [name!, value!]))
}

const tokenIn = (answer: Response) => /__Host-latchkey=([^;]+)/.exec(answer.headers.get('Set-Cookie') ?? '')?.[1]
const codesIn = (html: string) => /<pre class="codes">([^<]+)<\/pre>/.exec(html)?.[1]?.split('\n') ?? []
const secretIn = (html: string) => /<code class="secret">([^<]+)<\/code>/.exec(html)![1]!.replaceAll(' ', '')

describe('the page of the factors', () => {
  it('sets an app up without script, and shows the codes once', async () => {
    const user = await member()
    const before = await (await open('/account/security', user.token)).text()
    expect(before).toContain(say.factors.none)
    const begun = await submit('/account/totp', { begin: 'yes' }, user.token)
    expect(begun.status).toBe(200)
    const page = await begun.text()
    expect(page).toMatch(/<div class="qr" role="img" aria-label="[^"]+"><svg /)
    expect(page).toMatch(/autocomplete="one-time-code" inputmode="numeric"/)
    const secret = secretIn(page)

    const mistyped = await submit('/account/totp/confirm', { totp: await wrongCode(secret) }, user.token)
    expect(mistyped.status).toBe(401)
    const again = await mistyped.text()
    expect(again).toContain(say.problems.invalid_code)
    expect(secretIn(again)).toBe(secret)
    const noCode = await submit('/account/totp/confirm', { totp: 'abc' }, user.token)
    expect([noCode.status, secretIn(await noCode.text())]).toEqual([422, secret])

    const confirmed = await submit('/account/totp/confirm', { totp: await codeAt(secret) }, user.token)
    expect(confirmed.status).toBe(200)
    const codes = codesIn(await confirmed.text())
    expect(codes).toHaveLength(10)

    const after = await (await open('/account/security', user.token)).text()
    expect(after).toContain(say.recovery.left('10'))
    for (const never of [secret, ...codes]) expect(after).not.toContain(never)
    expect(after).not.toContain(say.factors.turnOff) // the app decides
  })

  it('asks for the second factor before anything is changed, and comes back', async () => {
    const user = await member()
    const { secret } = await enrolApp(user)
    for (const [path, fields] of [
      ['/account/totp', { begin: 'yes' }],
      ['/account/totp/remove', { id: 'x' }],
      ['/account/recovery-codes', { renew: 'yes' }],
      ['/account/security', { second_factor: 'off' }],
    ] as const) {
      expect(leadsTo(await submit(path, fields, user.token))).toEqual([
        303,
        '/account/confirm?return_to=/account/security',
      ])
    }
    clock.forward(30)
    const form = await (await open('/account/confirm?return_to=/account/security', user.token)).text()
    expect(form).toContain(say.labels.totp)
    expect(form).not.toContain(say.labels.recovery_code)
    const fields = { ...hiddenIn(form, '/account/confirm'), totp: await codeAt(secret) }
    const confirmed = await submit('/account/confirm', fields, user.token)
    expect(leadsTo(confirmed)).toEqual([303, '/account/security?done=confirmed'])
    const token = tokenIn(confirmed)!
    expect(codesIn(await (await submit('/account/recovery-codes', { renew: 'yes' }, token)).text())).toHaveLength(10)
    const off = await submit('/account/security', { second_factor: 'off' }, token)
    expect([off.status, await off.text()]).toEqual([409, expect.stringContaining(say.problems.factor_exists)])
    expect(leadsTo(await submit('/account/totp/remove', { id: 'x' }, token))).toEqual([
      303,
      '/account/security?done=totp_removed',
    ])
    expect((await login(user.email)).status).toBe(200)
  })
})

describe('the page between two steps', () => {
  it('takes a code or a recovery code, and goes where the user wanted to go', async () => {
    const user = await member()
    const { secret, recovery_codes } = await enrolApp(user)
    clock.forward(30)
    const signIn = async () => {
      const fields = { email: user.email, password: PASSWORD, return_to: '/account' }
      const answer = await postForm('/login', fields)
      expect(answer.headers.get('Set-Cookie') ?? '').not.toContain('__Host-latchkey=e')
      return answer.text()
    }
    const page = await signIn()
    const [totp, recovery] = [hiddenIn(page, '/login/totp'), hiddenIn(page, '/login/recovery')]
    expect(totp).toMatchObject({ methods: 'totp recovery', return_to: '/account' })
    expect(page.match(/ id="/g)!.length).toBe(new Set(page.match(/ id="[^"]+"/g)).size)

    const wrong = await postForm('/login/totp', { ...totp, totp: await wrongCode(secret) })
    expect(wrong.status).toBe(401)
    const again = await wrong.text()
    expect(again).toContain(say.problems.invalid_code)
    expect(hiddenIn(again, '/login/totp')).toEqual(totp)

    const done = await postForm('/login/totp', { ...totp, totp: await codeAt(secret) })
    expect(leadsTo(done)).toEqual([303, '/account'])
    expect(claimsOf(tokenIn(done)!)).toMatchObject({ acr: 'aal2' })

    const used = await postForm('/login/recovery', { ...recovery, recovery_code: recovery_codes[0]! })
    expect([used.status, await used.text()]).toEqual([401, expect.stringContaining(say.problems.invalid_ticket)])
    const fields = hiddenIn(await signIn(), '/login/recovery')
    expect(leadsTo(await postForm('/login/recovery', { ...fields, recovery_code: recovery_codes[0]! }))).toEqual([
      303,
      '/account',
    ])
  })

  it('takes no form of another site', async () => {
    for (const path of ['/login/totp', '/login/recovery', '/login/totp/enrol', '/account/totp']) {
      expect((await postForm(path, {}, { 'Sec-Fetch-Site': 'cross-site' })).status).toBe(403)
    }
  })
})
