import { describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import {
  askForPasskey,
  Browser,
  clock,
  codeAt,
  enrolApp,
  ENV,
  freshDatabase,
  keyHolder,
  mailedCode,
  member,
  open,
  PASSWORD,
  RENEWAL,
  SESSION,
} from '../support.ts'

freshDatabase()

/** The fields of the form with this action that a browser would send. */
function fieldsOf(html: string, action: string): Record<string, string> {
  const form = html.slice(html.indexOf(`action="${action}"`)).split('</form>')[0]!
  const inputs = [...form.matchAll(/<input type="(?:hidden|checkbox)" name="(\w+)" value="([^"]*)"( checked="")?/g)]
  return Object.fromEntries(
    inputs.flatMap(([all, name, value, checked]) =>
      all.includes('checkbox') && checked === undefined ? [] : [[name!, value!]],
    ),
  )
}

/** Whether the cookies of a browser outlive it. */
const outlives = ({ jar }: Browser): boolean[] => [SESSION, RENEWAL].map((name) => jar.get(name)!.until !== Infinity)

/** What a person does with the box, who sees it as the settings propose it. */
const choices = [
  ['ticked', { keep: 'on' }, true],
  ['not ticked', {}, false],
] as const

const withoutBox = ({ keep: _keep, ...fields }: Record<string, string>) => fields

describe('"Keep me signed in"', () => {
  it.each(['en', 'ko'] as const)('is a box on the login form, ticked as the settings say: %s', async (language) => {
    const box = (checked: string) =>
      `<label class="check"><input type="checkbox" name="keep" value="on"${checked}/>${words[language].keep}</label>`
    expect(await (await open(`/login?lang=${language}`)).text()).toContain(box(' checked=""'))
    const off = new Browser({ ...ENV, KEEP_SIGNED_IN: 'off' } as Env)
    expect(await (await off.open(`/login?lang=${language}`)).text()).toContain(box(''))
  })

  it('is as it was left when the password was wrong', async () => {
    const { email } = await member()
    const refused = await new Browser().submit('/login', { email, password: 'wrong', asked: 'keep' })
    expect(fieldsOf(await refused.text(), '/login')).toEqual({ asked: 'keep' })
    const again = await new Browser().submit('/login', { email, password: 'wrong', asked: 'keep', keep: 'on' })
    expect(fieldsOf(await again.text(), '/login')).toEqual({ asked: 'keep', keep: 'on' })
  })

  it.each(choices)('%s, it holds for a password', async (_how, chosen, lasts) => {
    const { email } = await member()
    const browser = new Browser()
    const fields = fieldsOf(await (await browser.open('/login')).text(), '/login')
    await browser.submit('/login', { ...withoutBox(fields), ...chosen, email, password: PASSWORD })
    expect(outlives(browser)).toEqual([lasts, lasts])
  })

  it.each(choices)('%s, it holds for a second step', async (_how, chosen, lasts) => {
    const user = await member()
    const { secret, recovery_codes } = await enrolApp(user)
    clock.forward(30)
    const factors = { totp: await codeAt(secret), recovery_code: recovery_codes[0]! }
    for (const [action, name] of [
      ['/login/recovery', 'recovery_code'],
      ['/login/totp', 'totp'],
    ] as const) {
      const browser = new Browser()
      const step = await browser.submit('/login', { email: user.email, password: PASSWORD, asked: 'keep', ...chosen })
      const fields = fieldsOf(await step.text(), action)
      const mistaken = await browser.submit(action, { ...fields, [name]: '' })
      expect(fieldsOf(await mistaken.text(), action)).toEqual(fields)
      const answer = await browser.submit(action, { ...fields, [name]: factors[name] })
      expect([action, answer.status, ...outlives(browser)]).toEqual([action, 303, lasts, lasts])
    }
  })

  it.each(choices)('%s, it holds for a passkey', async (_how, chosen, lasts) => {
    const { passkey } = await keyHolder()
    const { ticket: challenge, publicKey } = await askForPasskey()
    const browser = new Browser()
    const credential = JSON.stringify(await passkey.use(publicKey))
    const keep = 'keep' in chosen ? 'on' : 'off' // as the script of the page reads the box
    expect((await browser.submit('/login/passkey', { challenge, credential, keep })).status).toBe(303)
    expect(outlives(browser)).toEqual([lasts, lasts])
  })

  it.each(choices)('%s, it holds for a mailed code', async (_how, chosen, lasts) => {
    const { email } = await member()
    const browser = new Browser()
    await browser.submit('/login/code', { email })
    const fields = fieldsOf(await (await browser.open('/login/code/verify')).text(), '/login/code/verify')
    expect(fields).toEqual({ asked: 'keep', keep: 'on' })
    const answer = await browser.submit('/login/code/verify', { asked: 'keep', ...chosen, code: mailedCode(email) })
    expect([answer.status, ...outlives(browser)]).toEqual([303, lasts, lasts])
  })

  it.each(choices)('%s, it holds through a mailed code and the enrolment of a factor', async (_how, chosen, lasts) => {
    const { email } = await member()
    const browser = new Browser({ ...ENV, SECOND_FACTOR: 'everyone' } as Env)
    const first = await browser.submit('/login', { email, password: PASSWORD, asked: 'keep', ...chosen })
    const sent = await browser.submit('/login/code', fieldsOf(await first.text(), '/login/code'))
    const enter = await browser.open(sent.headers.get('Location')!)
    const next = await browser.submit('/login/code/verify', {
      ...fieldsOf(await enter.text(), '/login/code/verify'),
      code: mailedCode(email),
    })
    const begun = await browser.submit('/login/totp/enrol', fieldsOf(await next.text(), '/login/totp/enrol'))
    const html = await begun.text()
    const secret = /<code class="secret">([^<]+)</.exec(html)![1]!.replaceAll(' ', '')
    const ended = await browser.submit('/login/totp/enrol/confirm', {
      ...fieldsOf(html, '/login/totp/enrol/confirm'),
      totp: await codeAt(secret),
    })
    expect([ended.status, ...outlives(browser)]).toEqual([200, lasts, lasts])
    expect(await browser.account()).toBe(200)
  })
})
