import { env } from 'cloudflare:workers'
import { config } from '../../src/config.ts'
import type { SigningJwk } from '../../src/setting-types.ts'
import { freshKey as newKey, signed } from '../../src/testing/tokens.ts'

/** The keys of the tests' settings. */
export const SIGNING_KEYS = config(env).SIGNING_KEYS!
export const EC = SIGNING_KEYS.find(({ alg }) => alg === 'ES256')!
export const RSA = SIGNING_KEYS.find(({ alg }) => alg === 'RS256')!

/** Signs any header and payload with a key, as only its holder can. Written without the code that is under test. */
export const signedWith = (jwk: SigningJwk, header: unknown, payload: unknown): Promise<string> =>
  signed(header, payload, jwk)

/** A new key, as `SIGNING_KEYS` may hold it. */
export const freshKey = (alg: SigningJwk['alg'], kid: string, bits?: number): Promise<SigningJwk> =>
  newKey(alg, kid, bits) as Promise<SigningJwk>
