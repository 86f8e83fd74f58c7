import type { Config } from '../config.ts'
import { base64url, fromBase64url } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'
import { subkeys } from './subkeys.ts'

/** Recognisable by secret scanners: a prefix of its own, and a checksum of what follows it at the end. */
const PREFIX = 'lkr_'
const ID_BYTES = 16
const GENERATION_BYTES = 4
const NAME_BYTES = ID_BYTES + GENERATION_BYTES
const FORM = /^lkr_([\w-]{70})([\w-]{6})$/

/** Which session, and the how-manieth token of it. */
export type RefreshName = { session_id: string; generation: number }

/**
 * The refresh token of a generation: its name and an HMAC of that. It is always the same, so nothing secret is stored,
 * and a client whose answer was lost gets the very same one again.
 */
export async function refreshToken({ session_id, generation }: RefreshName, config: Config): Promise<string> {
  const name = new Uint8Array(NAME_BYTES)
  name.set(fromBase64url(session_id))
  new DataView(name.buffer).setUint32(ID_BYTES, generation)
  const [key] = await subkeys(config, 'refresh token')
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, name))
  const body = base64url(new Uint8Array([...name, ...mac]))
  return PREFIX + body + checksum(body)
}

/** Whose token this is, if we made it. Costs no database call. */
export async function readRefreshToken(token: string, config: Config): Promise<RefreshName | undefined> {
  const [, body, sum] = FORM.exec(token) ?? []
  if (body === undefined || checksum(body) !== sum) return undefined
  const bytes = fromBase64url(body)
  if (base64url(bytes) !== body) return undefined // unused bits were set: the same bytes in another spelling
  const [name, mac] = [bytes.slice(0, NAME_BYTES), bytes.slice(NAME_BYTES)]
  for (const key of await subkeys(config, 'refresh token')) {
    if (await crypto.subtle.verify('HMAC', key, mac, name)) {
      const generation = new DataView(name.buffer).getUint32(ID_BYTES)
      return { session_id: base64url(name.slice(0, ID_BYTES)), generation }
    }
  }
  return undefined
}

function checksum(body: string): string {
  const sum = new DataView(new ArrayBuffer(4))
  sum.setUint32(0, crc32(new TextEncoder().encode(PREFIX + body)))
  return base64url(new Uint8Array(sum.buffer))
}
