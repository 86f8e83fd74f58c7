import type { Config } from '../../config.ts'
import { subkeys } from '../../core/keys/subkeys.ts'
import type { Ticket } from '../../core/ticket.ts'
import { base64url, randomText, utf8 } from '../../lib/bytes.ts'
import { seal, unseal } from '../../lib/seal.ts'
import { Problem } from '../../problem.ts'

const LENGTH = 8
/** No 0 and O, no 1, I and L, and no U, which looks like V. 30 characters: 39 bits in a code. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTVWXYZ'
const FORM = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`)

/** A new random code. */
export const newCode = (): string => randomText(ALPHABET, LENGTH)

/** The code that a person typed, with any width, case, blanks and dashes; undefined if it cannot be one. */
export function readCode(typed: string): string | undefined {
  const code = typed
    .normalize('NFKC')
    .toUpperCase()
    .replaceAll(/[\s\p{Pd}\p{Cf}]/gu, '')
  return FORM.test(code) ? code : undefined
}

/** A code as people read it: `ABCD-EFGH`. */
export const spelled = (code: string): string => `${code.slice(0, LENGTH / 2)}-${code.slice(LENGTH / 2)}`

/**
 * What the table stores of a code. With the key, a copy of the database is not enough to try all codes. The id of its
 * ticket is included, so the hash is of no use in another row.
 */
export async function codeHash(settings: Config, id: string, code: string): Promise<string> {
  const [key] = await subkeys(settings, 'login code')
  return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(`${id} ${code}`))))
}

/** What a mailed link says: a code, and the ticket that it belongs to. `until` is in seconds. */
export type Link = { id: string; code: string; until: number }

/** The token of the link that shows the code, or signs in the browser that has the ticket. */
export async function linkToken(settings: Config, { id, code, until }: Link): Promise<string> {
  const [key] = await subkeys(settings, 'code link')
  return seal(`${id} ${code} ${until}`, key, 'code link')
}

/** What a token says, if this service made it and it has not expired. */
export async function readLink(settings: Config, token: string, now: number): Promise<Link | undefined> {
  if (!/^[\w-]{60,200}$/.test(token) || token.length % 4 === 1) return undefined
  const text = await unseal(token, await subkeys(settings, 'code link'), 'code link')
  const [id = '', code = '', until = '0'] = text?.split(' ') ?? []
  return Number(until) > now ? { id, code, until: Number(until) } : undefined
}

/** An address, sealed into its ticket, because whoever holds the ticket may not have typed the address. */
export async function sealAddress(settings: Config, id: string, email: string): Promise<string> {
  const [key] = await subkeys(settings, 'code address')
  return seal(email, key, id)
}

/** The address in a ticket. */
export async function addressIn(settings: Config, { id, data }: Pick<Ticket, 'id' | 'data'>): Promise<string> {
  const email = data === undefined ? undefined : await unseal(data, await subkeys(settings, 'code address'), id)
  if (email === undefined) throw new Problem('invalid_ticket')
  return email
}
