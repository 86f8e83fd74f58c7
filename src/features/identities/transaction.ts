import type { Context } from 'hono'
import * as v from 'valibot'
import type { Call } from '../../core/call.ts'
import { subkeys } from '../../core/keys/subkeys.ts'
import type { Single } from '../../core/proof.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { dropCookie, keepCookie, ownCookies } from '../../http/cookie.ts'
import { parseJson } from '../../lib/json.ts'
import { seal, unseal } from '../../lib/seal.ts'
import { hex, utf8 } from '../../lib/bytes.ts'
import type { PageContext } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'

/** Seconds from the redirect to the provider to the way back. */
const SECONDS = 600

/** What this browser has begun. It is sealed, and no script and no other browser has it. */
const COOKIE = 'latchkey-with'

/** Characters. Browsers keep 4096 bytes of a cookie and its name (RFC 6265 section 6.1). */
const MAX_LENGTH = 4_000

/** One request to a provider (OpenID Connect Core section 3.1.2.1, RFC 7636). */
const content = v.object({
  state: v.string(),
  nonce: v.string(),
  verifier: v.string(),
  provider: v.string(),
  /** Seconds. */
  until: v.number(),
  return_to: v.optional(v.string()),
  /** The mailed link that the person followed, to confirm the address. */
  token: v.optional(v.string()),
  /** The session that links. Without it, the transaction signs in. */
  session: v.optional(v.string()),
})
export type Transaction = v.InferOutput<typeof content>

/** What a transaction is begun for. */
export type Purpose = Pick<Transaction, 'return_to' | 'token' | 'session'>

/** Lowercase hexadecimal digits: some providers cut or change other characters. */
const random = (): string => hex(crypto.getRandomValues(new Uint8Array(32)))

export const newTransaction = ({ now }: Call, provider: string, purpose: Purpose): Transaction => ({
  state: random(),
  nonce: random(),
  verifier: random(),
  provider,
  until: now + SECONDS,
  ...purpose,
})

/**
 * Keeps a transaction in the browser. If the page to return to makes it longer than a cookie can be, the person signs in, and
 * goes on from there: an application's request may be that long.
 */
export async function keepTransaction(c: Context<AppEnv>, { settings }: Call, begun: Transaction): Promise<void> {
  const [key] = await subkeys(settings, 'sign in with')
  const sealed = (content: Transaction) => seal(JSON.stringify(content), key, COOKIE)
  const text = await sealed(begun)
  keepCookie(c, COOKIE, text.length > MAX_LENGTH ? await sealed({ ...begun, return_to: undefined }) : text, SECONDS)
}

/**
 * The transaction that an answer of a provider belongs to. It is used up by what relies on it (`singleOf`).
 * @throws Problem 401 `invalid_ticket` if it has expired, or belongs to another browser or provider
 */
export async function transactionOf(c: PageContext, call: Call, provider: string, state: string): Promise<Transaction> {
  for (const text of ownCookies(c, COOKIE)) {
    const begun = await opened(call, text)
    if (begun?.state === state && begun.provider === provider && begun.until > call.now) return begun
  }
  throw new Problem('invalid_ticket')
}

/** What is used up when a change relies on a transaction. */
export const singleOf = ({ state, until }: Transaction): Single => ({ id: `with ${state}`, until })

/** Forgets the transaction of this browser. */
export const dropTransaction = (c: Context<AppEnv>): void => dropCookie(c, COOKIE)

async function opened({ settings }: Call, text: string): Promise<Transaction | undefined> {
  if (!/^[\w-]{60,}$/.test(text) || text.length > MAX_LENGTH || text.length % 4 === 1) return undefined
  const [key] = await subkeys(settings, 'sign in with') // a key from before a rotation does not count
  const json = await unseal(text, [key], COOKIE)
  const begun = v.safeParse(content, json === undefined ? undefined : parseJson(utf8(json)))
  return begun.success ? begun.output : undefined
}
