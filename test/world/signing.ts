import { env } from 'cloudflare:workers'
import { config } from '../../src/config.ts'
import { base64url, utf8 } from '../../src/lib/bytes.ts'
import type { SigningJwk } from '../../src/setting-types.ts'

type Alg = SigningJwk['alg']

export const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
}

/** The keys of the tests' settings. */
export const SIGNING_KEYS = config(env).SIGNING_KEYS!
export const EC = SIGNING_KEYS.find(({ alg }) => alg === 'ES256')!
export const RSA = SIGNING_KEYS.find(({ alg }) => alg === 'RS256')!

/** Signs any header and payload with a key, as only its holder can. Written without the code that is under test. */
export async function signedWith(jwk: SigningJwk, header: unknown, payload: unknown): Promise<string> {
  const algorithm = ALGORITHMS[jwk.alg]
  const key = await crypto.subtle.importKey('jwk', jwk as JsonWebKey, algorithm, false, ['sign'])
  const part = (value: unknown) => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)))
  const text = `${part(header)}.${part(payload)}`
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign(algorithm, key, utf8(text))))}`
}

/** A new key, as `SIGNING_KEYS` may hold it. */
export async function freshKey(alg: Alg, kid: string, bits = 2048): Promise<SigningJwk> {
  const more = alg === 'RS256' && { modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) }
  const algorithm = { ...ALGORITHMS[alg], ...more } as unknown as SubtleCryptoGenerateKeyAlgorithm
  const { privateKey } = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const jwk = (await crypto.subtle.exportKey('jwk', privateKey)) as object
  return Object.assign(jwk, { alg, kid }) as SigningJwk
}
