import { errorOf } from './error.ts'
import { defaultStorage, type TokenStorage } from './storage.ts'
import { seconds, type Session, type TokenAnswer, type Tokens, TokenStore } from './tokens.ts'

export { LatchkeyError } from './error.ts'
export { browserStorage, memoryStorage, type TokenStorage } from './storage.ts'
export type { Session } from './tokens.ts'

/** Seconds before its end at which an access token is renewed: a request takes its time, and clocks run apart. */
const LEEWAY_SECONDS = 30

export type Options = {
  /** Where the service is, like `https://login.example.com`. */
  url: string
  /** Other origins that may see the access token: your own services, and nobody else's. */
  origins?: string[]
  storage?: TokenStorage
  fetch?: (request: Request) => Promise<Response>
}

export type Login = { email: string; password: string; turnstile_token?: string }

export type Client = {
  /** @throws LatchkeyError with the code of the refusal */
  login(credentials: Login): Promise<Session>
  /** Signs out here in any case, and tells the service. @throws LatchkeyError when the service could not end the session */
  logout(options?: { everywhere?: boolean }): Promise<void>
  /**
   * `fetch` with the access token, which is renewed shortly before its end, and once when it is refused. Without a session
   * the request goes out without a token. A relative URL is one of the service.
   * @throws TypeError for an origin that must not see the token, and when there is no network
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Who is signed in, or null. The same object until that changes. */
  readonly session: Session | null
  /** Calls back after every change of `session`, by another tab too. Returns how to stop that. */
  subscribe(listener: () => void): () => void
}

/** A client of one Latchkey, for browsers and for Node. */
export function createClient({
  url,
  origins = [],
  storage = defaultStorage(),
  fetch = globalThis.fetch,
}: Options): Client {
  const { origin } = new URL(url)
  const mayKnow = new Set([origin, ...origins])
  const store = new TokenStore(storage, origin)

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

  /** Newer tokens than these, from another tab or from the service; null when the session has ended. */
  const renew = (stale: Tokens): Promise<Tokens | null> =>
    store.exclusively(async () => {
      const held = store.tokens
      if (held?.access_token !== stale.access_token) return held
      const { refresh_token } = held
      const ask = () => fetch(post('/user/refresh', { refresh_token }))
      // An answer that was lost is asked for again at once: within the service's grace it is the same one.
      const answer = await ask().catch(ask)
      const error = answer.ok ? undefined : await errorOf(answer)
      if (error && error.code !== 'invalid_refresh_token') throw error
      const given = error ? undefined : ((await answer.json()) as TokenAnswer)
      // Another tab, where tabs have no lock between them, may have renewed, signed out or signed in meanwhile.
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

  return {
    async login(credentials) {
      const device_token = store.device
      const answer = await fetch(post('/user/login', { ...credentials, ...(device_token && { device_token }) }))
      if (!answer.ok) throw await errorOf(answer)
      store.keep((await answer.json()) as TokenAnswer)
      return store.session!
    },

    async logout({ everywhere = false } = {}) {
      const held = await current().catch(() => store.tokens)
      store.forget()
      if (!held) return
      const answer = await sendWith(post(everywhere ? '/user/logout/everywhere' : '/user/logout'), held)
      if (!answer.ok && answer.status !== 401) throw await errorOf(answer) // 401: it has ended already
    },

    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input : new URL(input, origin), init)
      const target = new URL(request.url).origin
      if (!mayKnow.has(target)) throw new TypeError(`${target} is not among the origins that may see the token.`)
      const held = await current()
      if (!held) return fetch(request)
      const answer = await sendWith(request.clone() as Request, held)
      if (answer.status !== 401 || !answer.headers.get('WWW-Authenticate')?.includes('invalid_token')) return answer
      const renewed = await renew(held)
      return renewed ? sendWith(request, renewed) : answer
    },

    get session() {
      return store.session
    },
    subscribe: (listener) => store.subscribe(listener),
  }
}
