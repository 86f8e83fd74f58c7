import type { Config } from '../../config.ts'
import { utf8 } from '../../lib/bytes.ts'

/**
 * The purpose of each subkey. A label never changes its meaning, and no two purposes share one (RFC 5869 section 3.2).
 */
const ALGORITHMS = {
  'refresh token': { name: 'HMAC', hash: 'SHA-256', length: 256 },
  renewal: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  'device token': { name: 'HMAC', hash: 'SHA-256', length: 256 },
  ticket: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  'doorkeeper name': { name: 'HMAC', hash: 'SHA-256', length: 256 },
  outbox: { name: 'AES-GCM', length: 256 },
  totp: { name: 'AES-GCM', length: 256 },
  'totp key name': { name: 'HMAC', hash: 'SHA-256', length: 256 },
  'login code': { name: 'HMAC', hash: 'SHA-256', length: 256 },
  'code link': { name: 'AES-GCM', length: 256 },
  'code address': { name: 'AES-GCM', length: 256 },
  sent: { name: 'AES-GCM', length: 256 },
  'sign in with': { name: 'AES-GCM', length: 256 },
} as const

type Label = keyof typeof ALGORITHMS

const derived = new WeakMap<Config, Map<Label, readonly [current: CryptoKey, ...previous: CryptoKey[]]>>()

/**
 * The keys for one purpose, derived once per configuration from `LATCHKEY_SECRET`. The first key makes new values; all
 * keys check them. Without `LATCHKEY_SECRET` they are derived from `JWT_SECRET_KEY` in the same way. So an operator who
 * sets `LATCHKEY_SECRET` later can set `LATCHKEY_SECRET_PREVIOUS` to the old `JWT_SECRET_KEY` to keep earlier values
 * valid.
 */
export async function subkeys(config: Config, label: Label): Promise<readonly [CryptoKey, ...CryptoKey[]]> {
  const known = derived.get(config) ?? new Map<Label, readonly [CryptoKey, ...CryptoKey[]]>()
  derived.set(config, known)
  let keys = known.get(label)
  if (!keys) {
    const { LATCHKEY_SECRET, LATCHKEY_SECRET_PREVIOUS, JWT_SECRET_KEY, JWT_SECRET_KEY_PREVIOUS } = config
    const previous = LATCHKEY_SECRET_PREVIOUS ?? (LATCHKEY_SECRET === undefined ? JWT_SECRET_KEY_PREVIOUS : undefined)
    const current = await derive(LATCHKEY_SECRET ?? JWT_SECRET_KEY, label)
    keys = previous === undefined ? [current] : [current, await derive(previous, label)]
    known.set(label, keys)
  }
  return keys
}

/** HKDF-SHA-256, RFC 5869. An empty salt is fine, because the input is a uniformly random secret. */
async function derive(secret: string, label: Label): Promise<CryptoKey> {
  const master = await crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey'])
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(`latchkey ${label}`) }
  const algorithm = ALGORITHMS[label]
  const usages: ('sign' | 'verify' | 'encrypt' | 'decrypt')[] =
    algorithm.name === 'HMAC' ? ['sign', 'verify'] : ['encrypt', 'decrypt']
  return crypto.subtle.deriveKey(parameters, master, algorithm, false, usages)
}
