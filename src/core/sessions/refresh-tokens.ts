import type { Config } from '../../config.ts'
import { base64url, fromBase64url } from '../../lib/bytes.ts'
import { readName, signName } from '../keys/signed-names.ts'
import { subkeys } from '../keys/subkeys.ts'

const ID_BYTES = 16
const FORM = { prefix: 'lkr_', bytes: ID_BYTES + 4 } as const

/** The session, and the number of this token within it. */
export type RefreshName = { session_id: string; generation: number }

/**
 * The refresh token of a generation. It is always the same, so a client whose response was lost gets the same token
 * again.
 */
export async function refreshToken({ session_id, generation }: RefreshName, config: Config): Promise<string> {
  const name = new Uint8Array(FORM.bytes)
  name.set(fromBase64url(session_id))
  new DataView(name.buffer).setUint32(ID_BYTES, generation)
  const [key] = await subkeys(config, 'refresh token')
  return signName(FORM, name, key)
}

/** The session and generation of a token that this service made. Needs no database call. */
export async function readRefreshToken(token: string, config: Config): Promise<RefreshName | undefined> {
  const name = await readName(FORM, token, await subkeys(config, 'refresh token'))
  if (!name) return undefined
  const generation = new DataView(name.buffer).getUint32(ID_BYTES)
  return { session_id: base64url(name.slice(0, ID_BYTES)), generation }
}
