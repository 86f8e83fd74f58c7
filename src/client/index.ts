import { errorOf } from './error.ts'
import { originOf } from './origin.ts'
import type { PasskeyRequest } from './passkey.ts'
import { type Confirmation, type Factor, type Login, type NextStep, routeOf } from './steps.ts'
import { defaultStorage, type TokenStorage } from './storage.ts'
import { seconds, type Session, type TokenAnswer, type Tokens, TokenStore } from './tokens.ts'

export { LatchkeyError } from './error.ts'
export { askPasskey, type PasskeyRequest } from './passkey.ts'
export { browserStorage, memoryStorage, type TokenStorage } from './storage.ts'
export type { Confirmation, Factor, Login, NextStep } from './steps.ts'
export type { Session } from './tokens.ts'

/** Seconds before expiry at which an access token is renewed: requests take time, and clocks differ. */
const LEEWAY_SECONDS = 30

export type Options = {
  /** The origin of the service, like `https://login.example.com`, without a path. */
  url: string
  /** Other origins that may receive the access token. List only your own services. */
  origins?: string[]
  storage?: TokenStorage
  fetch?: (request: Request) => Promise<Response>
}

export type Client = {
  /**
   * One step of a sign-in. If the account asks for a second factor, the error has the code `second_factor_required`, and
   * the `ticket` and the `methods` of the next step.
   * @throws LatchkeyError with the code of the refusal
   */
  login(step: Login | NextStep): Promise<Session>
  /**
   * Mails a code to sign in with, if the address has an account. With the ticket of a step before, the code is its next
   * step, and goes to its user.
   * @throws LatchkeyError
   */
  mailCode(to: string | { ticket: string }): Promise<{ ticket: string; expires_in: number }>
  /**
   * Requests a passkey, as the first step or, with a ticket, as the next one. Call it before the person presses a
   * button: Safari shows its dialog only if `askPasskey` is called at once.
   * @throws LatchkeyError
   */
  requestPasskey(ticket?: string): Promise<PasskeyRequest>
  /** Shows again who is signed in, and stores the new tokens. @throws LatchkeyError */
  reauth(confirmation: Confirmation): Promise<Session>
  /** What the account has besides a password. @throws LatchkeyError */
  factors(): Promise<{ factors: Factor[]; recovery_codes_left: number }>
  /**
   * Always forgets the local tokens, then ends the session at the service.
   * @throws LatchkeyError when the service could not end the session
   */
  logout(options?: { everywhere?: boolean }): Promise<void>
  /**
   * `fetch` with the access token. The token is renewed shortly before it expires, and once when the service refuses
   * it. Without a session, the request carries no token. A relative URL is resolved against the service. The tokens
   * that `POST /user/reauth` and the steps of a sign-in return are stored, because they replace the current ones.
   * @throws TypeError for an origin that must not receive the token, and when the network fails
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** The signed-in user, or null. The object stays the same until the session changes. */
  readonly session: Session | null
  /**
   * Calls `listener` after every change of `session`, including changes by another tab. Returns a function that
   * unsubscribes.
   */
  subscribe(listener: () => void): () => void
}

/**
 * A client for one Latchkey service, for browsers and Node.
 * @throws TypeError when `url` or one of `origins` is not exactly an origin
 */
export function createClient({
  url,
  origins = [],
  storage = defaultStorage(),
  fetch = globalThis.fetch,
}: Options): Client {
  const origin = originOf(url, 'url')
  const mayKnow = new Set([origin, ...origins.map((other) => originOf(other, 'origins'))])
  const store = new TokenStore(storage, origin)
  const giveTokens = ['/user/reauth', '/user/login'].map((path) => new URL(path, origin).href)

  const post = (path: string, json?: unknown): Request =>
    new Request(new URL(path, origin), {
      method: 'POST',
      ...(json !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(json) }),
    })

  const sendWith = (request: Request, { access_token }: Tokens): Promise<Response> => {
    const headers = new Headers(request.headers)
    headers.set('Authorization', `Bearer ${access_token}`)
    return fetch(new Request(request, { headers }))
  }

  /** Returns newer tokens than `stale`, from another tab or from the service, or null when the session has ended. */
  const renew = (stale: Tokens): Promise<Tokens | null> =>
    store.exclusively(async () => {
      const held = store.tokens
      if (held?.access_token !== stale.access_token) return held
      const { refresh_token } = held
      const ask = () => fetch(post('/user/refresh', { refresh_token }))
      // If the response was lost, ask again at once. Within the grace period the service returns the same successor.
      const answer = await ask().catch(ask)
      const error = answer.ok ? undefined : await errorOf(answer)
      if (error && error.code !== 'invalid_refresh_token') throw error
      const given = error ? undefined : ((await answer.json()) as TokenAnswer)
      // Without a lock between tabs, another tab may have renewed, signed out or signed in meanwhile.
      if (store.tokens?.refresh_token !== refresh_token) return store.tokens
      if (given) return store.keep(given)
      store.forget()
      return null
    })

  const current = async (): Promise<Tokens | null> => {
    const held = store.tokens
    if (!held || held.expires_at - LEEWAY_SECONDS > seconds()) return held
    return renew(held).catch((error: unknown) => {
      if (held.expires_at > seconds()) return held
      throw error
    })
  }

  /** New tokens of this service replace the current ones. A step of a sign-in may return none. */
  const keepNew = async ({ url }: Request, answer: Response): Promise<Response> => {
    if (!answer.ok || !giveTokens.some((route) => url.startsWith(route))) return answer
    const given = (await answer.clone().json()) as Partial<TokenAnswer>
    if (given.access_token !== undefined) store.keep(given as TokenAnswer)
    return answer
  }

  const send = async (request: Request): Promise<Response> => {
    const target = new URL(request.url).origin
    if (!mayKnow.has(target)) throw new TypeError(`${target} is not among the origins that may see the token.`)
    const held = await current()
    if (!held) return keepNew(request, await fetch(request))
    const answer = await sendWith(request.clone() as Request, held)
    if (answer.status !== 401 || !answer.headers.get('WWW-Authenticate')?.includes('invalid_token')) {
      return keepNew(request, answer)
    }
    const renewed = await renew(held)
    return renewed ? keepNew(request, await sendWith(request, renewed)) : answer
  }

  return {
    async login(step) {
      const { path, body } = routeOf(step)
      const device_token = path === '/user/login' && store.device
      const answer = await fetch(post(path, { ...body, ...(device_token && { device_token }) }))
      store.keep(await jsonOf<TokenAnswer>(answer))
      return store.session!
    },

    mailCode: async (to) => jsonOf(await fetch(post('/user/login/code', typeof to === 'string' ? { email: to } : to))),

    requestPasskey: async (ticket) =>
      jsonOf(await fetch(post('/user/login/passkey/options', ticket === undefined ? {} : { ticket }))),

    async reauth(confirmation) {
      await jsonOf(await send(post('/user/reauth', confirmation)))
      return store.session!
    },

    factors: async () => jsonOf(await send(new Request(new URL('/user/factors', origin)))),

    async logout({ everywhere = false } = {}) {
      const held = await current().catch(() => store.tokens)
      store.forget()
      if (!held) return
      const answer = await sendWith(post(everywhere ? '/user/logout/everywhere' : '/user/logout'), held)
      if (!answer.ok && answer.status !== 401) throw await errorOf(answer) // 401: the session has already ended
    },

    fetch: async (input, init) => send(new Request(input instanceof Request ? input : new URL(input, origin), init)),

    get session() {
      return store.session
    },
    subscribe: (listener) => store.subscribe(listener),
  }
}

async function jsonOf<Answer>(answer: Response): Promise<Answer> {
  if (!answer.ok) throw await errorOf(answer)
  return (await answer.json()) as Answer
}
