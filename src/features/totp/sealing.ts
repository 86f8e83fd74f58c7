import type { Config } from '../../config.ts'
import { subkeys } from '../../core/keys/subkeys.ts'
import { base64url, utf8 } from '../../lib/bytes.ts'
import { seal, unseal } from '../../lib/seal.ts'
import { Problem } from '../../problem.ts'

/** Whose secret it is. A secret that is copied into another row cannot be opened there. */
export type Place = { user_id: number; id: string }

/** A secret as its row holds it. */
export type Sealed = Place & { secret: string; key_name: string }

const missing = (field: 'LATCHKEY_SECRET' | 'LATCHKEY_SECRET_PREVIOUS'): Problem =>
  new Problem('not_ready', { errors: [{ field, code: 'missing' }] })

/**
 * Encrypts the secret of an app. The key is derived from `LATCHKEY_SECRET` only, because services that verify tokens may
 * know `JWT_SECRET_KEY`.
 * @throws Problem 503 `not_ready` without that secret
 */
export async function sealSecret(settings: Config, secret: string, place: Place): Promise<Sealed> {
  const [{ name, key }] = await keysOf(settings)
  return { ...place, secret: await seal(secret, key, contextOf(place)), key_name: name }
}

/**
 * The secret of an app, in base32.
 * @throws Problem 503 `not_ready` if its key is neither the current one nor the previous one
 */
export async function openSecret(settings: Config, { secret, key_name, ...place }: Sealed): Promise<string> {
  const keys = (await keysOf(settings)).filter(({ name }) => name === key_name).map(({ key }) => key)
  const opened = await unseal(secret, keys, contextOf(place))
  if (opened === undefined) throw missing('LATCHKEY_SECRET_PREVIOUS')
  return opened
}

/** The name of the key that new secrets are encrypted with. @throws Problem 503 `not_ready` without `LATCHKEY_SECRET` */
export const currentKeyName = async (settings: Config): Promise<string> => (await keysOf(settings))[0].name

const contextOf = ({ user_id, id }: Place): string => `totp ${user_id} ${id}`

type NamedKey = { name: string; key: CryptoKey }

async function keysOf(settings: Config): Promise<[NamedKey, ...NamedKey[]]> {
  if (settings.LATCHKEY_SECRET === undefined) throw missing('LATCHKEY_SECRET')
  const namers = await subkeys(settings, 'totp key name')
  const named = (await subkeys(settings, 'totp')).map(async (key, i) => ({ name: await nameBy(namers[i]!), key }))
  return (await Promise.all(named)) as [NamedKey, ...NamedKey[]]
}

/** 48 bits are enough to tell one key from the next, and reveal nothing about it. */
async function nameBy(namer: CryptoKey): Promise<string> {
  const mac = await crypto.subtle.sign('HMAC', namer, utf8('name'))
  return base64url(new Uint8Array(mac).slice(0, 6))
}
