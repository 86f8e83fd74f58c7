import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { SigningJwk } from '../src/setting-types.ts'

type Alg = SigningJwk['alg']

/**
 * Seconds. How long a key is published before it signs. Verifiers keep the keys for minutes or hours, and many fetch them
 * again when they meet a `kid` that they do not know; some do not.
 */
export const NEXT_SECONDS = 86_400

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

/** A step of a rotation: the keys after it, and from when on it may be taken, in seconds. */
export type Step = { name: 'created' | 'published' | 'switched' | 'removed'; keys: SigningJwk[]; due: number }

/**
 * The next step for these keys. New keys are published before they sign, so that every verifier and every isolate knows
 * them. The ones that they replace stay published as long as a token of theirs may live, and lose their private half at
 * once: nothing can sign with them any more. `lifetime`: of the longest token, in seconds.
 */
export function nextStep(keys: readonly SigningJwk[], now: number, lifetime: number): Step {
  if (keys.length === 0) return { name: 'created', keys: newSigningKeys(), due: 0 }
  const [next, previous] = (['next', 'previous'] as const).map((state) =>
    keys.filter(({ latchkey }) => latchkey === state),
  ) as [SigningJwk[], SigningJwk[]]
  const since = (those: SigningJwk[]) => Math.max(...those.map((key) => key.since ?? 0))
  if (next.length > 0) {
    const algs = next.map(({ alg }) => alg)
    const current = next.map((key): SigningJwk => ({ ...key, latchkey: 'current', since: now }))
    const others = keys.filter((key) => !next.includes(key))
    const rest = others.map((key) => (algs.includes(key.alg) && key.latchkey !== 'previous' ? retired(key, now) : key))
    return { name: 'switched', keys: [...current, ...rest], due: since(next) + NEXT_SECONDS }
  }
  if (previous.length > 0) {
    return { name: 'removed', keys: keys.filter((key) => !previous.includes(key)), due: since(previous) + lifetime }
  }
  const fresh = newSigningKeys().map((key): SigningJwk => ({ ...key, latchkey: 'next', since: now }))
  return { name: 'published', keys: [...keys, ...fresh], due: 0 }
}

/** Only the public half of a key. */
function retired(key: SigningJwk, now: number): SigningJwk {
  const { kid, alg, kty } = key
  const numbers = key.kty === 'EC' ? { crv: key.crv, x: key.x, y: key.y } : { n: key.n, e: key.e }
  return { kid, alg, kty, ...numbers, latchkey: 'previous', since: now } as SigningJwk
}

/** Over the members that a public key needs, in the order of the alphabet. */
function thumbprint({ crv, e, kty, n, x, y }: JsonWebKey): string {
  const members = JSON.stringify(kty === 'EC' ? { crv, kty, x, y } : { e, kty, n })
  return createHash('sha256').update(members).digest('base64url')
}
