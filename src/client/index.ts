import { errorOf } from './error.ts'
import { originOf } from './origin.ts'
import { routeOf } from './steps.ts'
import { defaultStorage } from './storage.ts'
import { seconds, type TokenAnswer, type Tokens, TokenStore } from './tokens.ts'
import type { Client, Options } from './types.ts'

export type { Account, Factor, SignedIn } from './account.ts'
export { LatchkeyError } from './error.ts'
export { askPasskey, type PasskeyRequest } from './passkey.ts'
export { browserStorage, memoryStorage, type TokenStorage } from './storage.ts'
export type { Confirmation, Login, NextStep } from './steps.ts'
export type { Session } from './tokens.ts'
export type { Client, Options } from './types.ts'

/** Seconds before expiry at which an access token is renewed: requests take time, and clocks differ. */
const LEEWAY_SECONDS = 30

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

  /** Asks as a stranger, who needs no token for it. */
  const ask = async <Answer>(path: string, json: unknown): Promise<Answer> => jsonOf(await fetch(post(path, json)))

  const tell = async (path: string, json: unknown): Promise<void> => void (await ask(path, json))

  /** Asks as whoever is signed in. */
  const own = async <Answer>(path: string, method = 'GET'): Promise<Answer> =>
    jsonOf(await send(new Request(new URL(path, origin), { method })))

  return {
    async login(step) {
      const { path, body } = routeOf(step)
      const device_token = path === '/user/login' && store.device
      const answer = await fetch(post(path, { ...body, ...(device_token && { device_token }) }))
      store.keep(await jsonOf<TokenAnswer>(answer))
      return store.session!
    },

    mailCode: (to) => ask('/user/login/code', typeof to === 'string' ? { email: to } : to),
    requestPasskey: (ticket) => ask('/user/login/passkey/options', ticket === undefined ? {} : { ticket }),

    register: (account) => tell('/user/register', account),
    verify: (link) => tell('/user/email/verify', link),
    forgot: (email) => tell('/user/password/forgot', { email }),
    reset: (link) => tell('/user/password/reset', link),

    async reauth(confirmation) {
      await jsonOf(await send(post('/user/reauth', confirmation)))
      return store.session!
    },

    me: () => own('/user/me'),
    factors: () => own('/user/factors'),
    sessions: () => own('/user/sessions'),
    endSession: (id) => own(`/user/sessions/${encodeURIComponent(id)}`, 'DELETE'),

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
  return (answer.status === 204 ? undefined : await answer.json()) as Answer
}
