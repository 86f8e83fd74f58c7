import type { TokenStorage } from './storage.ts'

/** The tokens as the service returns them. */
export type TokenAnswer = { access_token: string; refresh_token: string; expires_in: number; device_token?: string }

/** `expires_at` is in whole seconds of this machine's clock, which need not agree with the service's. */
export type Tokens = { access_token: string; refresh_token: string; expires_at: number }

/** The signed-in user, as the access token says. Use it for display only; the service decides what the user may do. */
export type Session = { user_id: number; roles: string[]; expires_at: number }

export const seconds = (): number => Math.floor(Date.now() / 1000)

/** The tokens of one service in a storage, with the listeners to changes. */
export class TokenStore {
  readonly #storage: TokenStorage
  readonly #names: { tokens: string; device: string; lock: string }
  readonly #listeners = new Set<() => void>()
  #last: Promise<unknown> = Promise.resolve()
  #shown: { raw: string | null; session: Session | null } = { raw: null, session: null }

  constructor(storage: TokenStorage, origin: string) {
    this.#storage = storage
    const name = (what: string) => `latchkey ${what} ${origin}`
    this.#names = { tokens: name('tokens'), device: name('device'), lock: name('lock') }
  }

  get tokens(): Tokens | null {
    return JSON.parse(this.#storage.read(this.#names.tokens) ?? 'null') as Tokens | null
  }

  get device(): string | null {
    return this.#storage.read(this.#names.device)
  }

  /** The same object as long as nothing changes, so that a user interface can compare by identity. */
  get session(): Session | null {
    const raw = this.#storage.read(this.#names.tokens)
    if (raw !== this.#shown.raw)
      this.#shown = { raw, session: raw === null ? null : sessionIn(JSON.parse(raw) as Tokens) }
    return this.#shown.session
  }

  /** Stores the tokens that the service returned, before anyone uses them. */
  keep({ access_token, refresh_token, expires_in, device_token }: TokenAnswer): Tokens {
    const tokens = { access_token, refresh_token, expires_at: seconds() + expires_in }
    this.#storage.write(this.#names.tokens, JSON.stringify(tokens))
    if (device_token !== undefined) this.#storage.write(this.#names.device, device_token)
    this.#tell()
    return tokens
  }

  /** Forgets the session but keeps the device token, so that the next login comes from a known device. */
  forget(): void {
    this.#storage.write(this.#names.tokens, null)
    this.#tell()
  }

  subscribe(listener: () => void): () => void {
    const stop = this.#storage.subscribe?.(listener)
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      stop?.()
    }
  }

  exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#storage.exclusively) return this.#storage.exclusively(this.#names.lock, work)
    const run = this.#last.then(work)
    this.#last = run.catch(() => {})
    return run
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** The claims are not verified here. The service verifies them with each request. */
function sessionIn({ access_token, expires_at }: Tokens): Session {
  const payload = access_token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')
  const { user_id, roles = [] } = JSON.parse(atob(payload)) as { user_id: number; roles?: string[] }
  return { user_id, roles, expires_at }
}
