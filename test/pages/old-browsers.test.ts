import { describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import {
  authorizationRequest,
  Browser,
  CALLBACK,
  clock,
  codeAt,
  freshDatabase,
  insertClient,
  mailedCode,
  mailedToken,
  nobody,
  ORIGIN,
  userAt,
} from '../support.ts'

freshDatabase()

const say = words.en

/** Someone who reads pages, follows links and fills in forms, in a browser that runs no script and sends no `Sec-Fetch-*`. */
class Reader {
  readonly browser = new Browser()
  readonly proofs: Record<string, string>[]
  private sent = 0
  path = ''
  html = ''

  /** `proofs`: the headers of each form, in turn. */
  constructor(...proofs: Record<string, string>[]) {
    this.proofs = proofs
  }

  /** Opens an address, and goes where it leads. What leads elsewhere is not opened. */
  async open(path: string): Promise<this> {
    return this.arrive(path, await this.browser.open(path))
  }

  /** Presses the button with this text, after typing into the fields of its form, which the page must have. */
  async press(text: string, typed: Record<string, string> = {}): Promise<this> {
    const forms = [...this.html.matchAll(/<form [^>]*action="([^"]*)"[^>]*>(.*?)<\/form>/gs)]
    const form = forms.find(([, , content]) => content!.includes(`>${text}</button>`))
    expect({ path: this.path, buttons: forms.map(([, , content]) => content) }).toSatisfy(() => form !== undefined)
    const [, action = '', content = ''] = form!
    const fields: Record<string, string> = {}
    for (const [, attributes = ''] of content.matchAll(/<input ([^>]*)>/g)) {
      const of = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1]
      const isBox = of('type') === 'checkbox' && !/ checked=/.test(attributes)
      if (!isBox) fields[of('name')!] = typed[of('name')!] ?? of('value') ?? ''
    }
    const button = new RegExp(`<button ([^>]*)>${text}</button>`).exec(content)![1]!
    const [, name, value] = / name="(\w+)" value="([^"]*)"/.exec(button) ?? []
    if (name !== undefined) fields[name] = value!
    expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(typed)))
    const headers = this.proofs[this.sent++ % this.proofs.length]!
    const answer = await this.browser.send('POST', action, { body: new URLSearchParams(fields), headers })
    return this.arrive(action, this.browser.keep(answer))
  }

  private async arrive(path: string, answer: Response): Promise<this> {
    const to = answer.headers.get('Location')
    if (answer.status === 303 && to!.startsWith('/')) return this.open(to!)
    ;[this.path, this.html] = [to ?? path, await answer.text()]
    return this
  }

  get title(): string | undefined {
    return /<h1>([^<]*)<\/h1>/.exec(this.html)?.[1]
  }
  get told(): string | undefined {
    return /<p class="done" role="status">([^<]*)</.exec(this.html)?.[1]
  }
  get problem(): string | undefined {
    return /<div id="problem"[^>]*><p>([^<]*)</.exec(this.html)?.[1]
  }
}

describe('a browser without script and without Sec-Fetch headers', () => {
  // One walk for both, because each sign-in costs a hash. test/pages/links.test.ts sends a form with each alone.
  it('gets through everything but passkeys, with `Origin` or `Referer`, in turn', async () => {
    const [me, email] = [new Reader({ Origin: ORIGIN }, { Referer: `${ORIGIN}/` }), nobody()]
    const [first, second, third] = ['first words of mine', 'second words of mine', 'third words of mine']

    await (await me.open('/register')).press(say.register, { email, password: first })
    expect(me.told).toBe(say.done.registered)
    await (await me.open(`/verify?token=${mailedToken(email)}`)).press(say.verify, { password: first })
    expect(me.told).toBe(say.done.verified)
    await me.press(say.signIn, { email, password: first })
    expect(me.title).toBe(say.signedIn)
    await me.press(say.signOut)

    await (await me.open('/forgot')).press(say.sendLink, { email })
    expect(me.told).toBe(say.done.forgotten)
    await (await me.open(`/reset?token=${mailedToken(email)}`)).press(say.setPassword, { password: second })
    expect(me.told).toBe(say.done.reset)

    await (await me.open('/login/code')).press(say.send, { email })
    await me.press(say.signIn, { code: mailedCode(email) })
    expect(me.title).toBe(say.signedIn)
    await me.press(say.signOut)

    await (await me.open('/login?return_to=/account/security')).press(say.signIn, { email, password: second })
    await me.press(say.totp.add)
    const secret = /<code class="secret">([^<]+)</.exec(me.html)![1]!.replaceAll(' ', '') // typed into the app
    await me.press(say.totp.confirm, { totp: await codeAt(secret) })
    const [code] = /<pre class="codes">([^<]+)</.exec(me.html)![1]!.split('\n')
    await (await me.open('/account/security')).press(say.recovery.renew)
    expect(me.title).toBe(say.confirm) // the session has not shown the new factor yet
    clock.forward(30)
    await me.press(say.totp.useCode, { totp: await codeAt(secret) })
    expect(me.told).toBe(say.done.confirmed)
    await me.press(say.recovery.renew)
    const [other] = /<pre class="codes">([^<]+)</.exec(me.html)![1]!.split('\n')
    expect(other).not.toBe(code)

    await (await me.open('/account/devices')).press(say.endAll)
    expect(me.path).toBe('/login?done=sessions')
    await me.press(say.signIn, { email, password: second })
    expect(me.title).toBe(say.secondStep)
    await me.press(say.recovery.use, { recovery_code: code! })
    expect(me.problem).toBe(say.problems.invalid_code) // replaced by the new ones
    await me.press(say.recovery.use, { recovery_code: other! })
    expect(me.title).toBe(say.signedIn)

    await (
      await me.open('/account/password')
    ).press(say.changePassword, {
      current_password: second,
      new_password: third,
    })
    expect(me.told).toBe(say.done.password)
    await me.press(say.signOut)

    clock.forward(60)
    const app = await insertClient({ name: 'Theirs', third_party: true })
    await (await me.open(authorizationRequest(app))).press(say.signIn, { email, password: third })
    await me.press(say.totp.useCode, { totp: await codeAt(secret) })
    expect(me.title).toBe(say.oauth.consent('Theirs'))
    await me.press(say.oauth.allow)
    expect(me.path).toMatch(new RegExp(`^${CALLBACK}\\?code=`))

    clock.forward(660) // what was shown is old now
    await me.open('/account/delete')
    expect(me.title).toBe(say.confirm)
    await me.press(say.totp.useCode, { totp: await codeAt(secret) })
    await me.press(say.deleteAccount, { password: third })
    expect(me.told).toBe(say.done.deleted)
    expect(await userAt(email)).toBeNull()
  })

  it('is told why where it hides both, by name and with the form once more', async () => {
    for (const proof of [{}, { Origin: 'null' }] as Record<string, string>[]) {
      const me = new Reader(proof)
      await (await me.open('/forgot')).press(say.sendLink, { email: nobody() })
      expect([me.title, me.problem]).toEqual([say.forgotTitle, say.problems.cross_site_request])
      expect(me.html).toContain('action="/forgot"')
      await me.open('/login').then(() => me.press(say.signIn, { email: nobody(), password: 'some words' }))
      expect([me.title, me.problem]).toEqual([say.signIn, say.problems.cross_site_request])
    }
  })
})
