import { expect } from 'vitest'
import { now } from '../../src/lib/time.ts'
import { ENV } from './bindings.ts'
import { SAME_ORIGIN } from './pages.ts'
import { PASSWORD } from './passwords.ts'
import { insertUser } from './people.ts'
import { callIn } from './requests.ts'

type Kept = { value: string; until: number }

/** What a browser does with cookies: it keeps them, sends them, and drops them when they expire or when it is closed. */
export class Browser {
  own: Env
  readonly jar: Map<string, Kept>

  constructor(own: Env = ENV, jar = new Map<string, Kept>()) {
    this.own = own
    this.jar = jar
  }

  get cookies(): Record<string, string> {
    const live = [...this.jar].filter(([, { until }]) => until > now())
    return Object.fromEntries(live.map(([name, { value }]) => [name, value]))
  }

  /** Sends a request. Nothing of the answer is kept: it may be lost, or come late. */
  send(method: string, path: string, { headers = {}, ...init }: RequestInit & { json?: unknown } = {}) {
    const Cookie = Object.entries(this.cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
    const own = headers as Record<string, string>
    return callIn(this.own, method, path, { ...init, headers: { ...(Cookie !== '' && { Cookie }), ...own } })
  }

  /** Keeps the cookies of an answer. */
  keep(answer: Response): Response {
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!
      const age = /; Max-Age=(\d+)/.exec(cookie)?.[1]
      this.jar.set(name!, { value: value!, until: age === undefined ? Infinity : now() + Number(age) })
    }
    return answer
  }

  open = async (path: string): Promise<Response> => this.keep(await this.send('GET', path))

  /** A form of a page of this site. */
  submit = async (path: string, form: Record<string, string> = {}): Promise<Response> =>
    this.keep(await this.send('POST', path, { body: new URLSearchParams(form), headers: SAME_ORIGIN }))

  /** Closes the browser: what has no Max-Age is gone. */
  close(): void {
    for (const [name, { until }] of this.jar) if (until === Infinity) this.jar.delete(name)
  }

  /** Another browser with a copy of these cookies. */
  copy = (): Browser => new Browser(this.own, new Map(this.jar))

  /** The status of a page for signed-in users: 200, or 303 to the login. */
  account = async (): Promise<number> => (await this.open('/account')).status
}

export const RENEWAL = '__Host-latchkey-renewal'
export const SESSION = '__Host-latchkey'

/** A browser in which a new user has signed in. */
export async function signedInBrowser(form: Record<string, string> = { keep: 'on' }, own: Env = ENV) {
  const user = await insertUser()
  const browser = new Browser(own)
  const answer = await browser.submit('/login', { email: user.email, password: PASSWORD, ...form })
  expect(answer.status).toBe(303)
  return { ...user, browser }
}
