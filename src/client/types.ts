import type { Account, Factor, SignedIn } from './account.ts'
import type { PasskeyRequest } from './passkey.ts'
import type { Confirmation, Login, NextStep } from './steps.ts'
import type { TokenStorage } from './storage.ts'
import type { Session } from './tokens.ts'

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
  /**
   * Creates an account and mails a link that confirms its address. Nothing tells whether the address had one already.
   * @throws LatchkeyError
   */
  register(account: { email: string; password: string }): Promise<void>
  /**
   * Confirms an address with the token of the mailed link. The password proves that whoever has the mail registered.
   * @throws LatchkeyError
   */
  verify(link: { token: string; password?: string }): Promise<void>
  /** Mails a link to set a new password, if the address has an account. @throws LatchkeyError */
  forgot(email: string): Promise<void>
  /** Sets a new password with the token of the mailed link, and ends every session. @throws LatchkeyError */
  reset(link: { token: string; password: string }): Promise<void>
  /** The account as it is now. @throws LatchkeyError */
  me(): Promise<Account>
  /** What the account has besides a password. @throws LatchkeyError */
  factors(): Promise<{ factors: Factor[]; recovery_codes_left: number }>
  /** Where the account is signed in. @throws LatchkeyError */
  sessions(): Promise<{ sessions: SignedIn[] }>
  /** Ends one of them. @throws LatchkeyError */
  endSession(id: string): Promise<void>
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
