import type { Config } from '../config.ts'
import { base64url, fromBase64url } from '../lib/bytes.ts'
import { readName, signName } from './signed-names.ts'
import { subkeys } from './subkeys.ts'

const ID_BYTES = 16
const FORM = { prefix: 'lkr_', bytes: ID_BYTES + 4 } as const

/** Which session, and the how-manieth token of it. */
export type RefreshName = { session_id: string; generation: number }

/** The refresh token of a generation: a client whose answer was lost gets the very same one again. */
export async function refreshToken({ session_id, generation }: RefreshName, config: Config): Promise<string> {
  const name = new Uint8Array(FORM.bytes)
  name.set(fromBase64url(session_id))
  new DataView(name.buffer).setUint32(ID_BYTES, generation)
  const [key] = await subkeys(config, 'refresh token')
  return signName(FORM, name, key)
}

/** Whose token this is, if we made it. Costs no database call. */
export async function readRefreshToken(token: string, config: Config): Promise<RefreshName | undefined> {
  const name = await readName(FORM, token, await subkeys(config, 'refresh token'))
  if (!name) return undefined
  const generation = new DataView(name.buffer).getUint32(ID_BYTES)
  return { session_id: base64url(name.slice(0, ID_BYTES)), generation }
}
