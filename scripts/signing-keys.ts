import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { SigningJwk } from '../src/setting-types.ts'

type Alg = SigningJwk['alg']

/** A fresh private key. Its `kid` is its thumbprint (RFC 7638), so that no two keys share one. */
export function newSigningKey(alg: Alg): SigningJwk {
  const { privateKey }: { privateKey: KeyObject } =
    alg === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = privateKey.export({ format: 'jwk' })
  return { kid: thumbprint(jwk), alg, ...jwk } as SigningJwk
}

/** One key for each algorithm, as `SIGNING_KEYS` takes them. */
export const newSigningKeys = (): SigningJwk[] => [newSigningKey('ES256'), newSigningKey('RS256')]

/** Over the members that a public key needs, in the order of the alphabet. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = JSON.stringify(kty === 'EC' ? { crv, kty, x, y } : { e, kty, n })
  return createHash('sha256').update(members).digest('base64url')
}
