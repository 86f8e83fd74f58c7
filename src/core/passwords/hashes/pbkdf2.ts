import { utf8 } from '../../../lib/bytes.ts'
import { equal } from './equal.ts'
import { type ForeignHash, type Refused, tooDear } from './hash.ts'
import { type Digest, pbkdf2 } from './pbkdf2-script.ts'

/** Bytes. All makers store exactly one block of the digest. */
export const DIGEST_BYTES: Record<Digest, number> = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-512': 64 }

/**
 * The limit of WebCrypto on Workers. A deployed Worker refuses more (`DEFAULT_MAX_PBKDF2_ITERATIONS`); a local one does
 * not.
 */
const NATIVE_MAX_ITERATIONS = 100_000

/** About 5 s of CPU, like bcrypt at its highest cost. Django 6.0 writes 1,200,000 iterations of SHA-256. */
const MAX_ITERATIONS: Record<Digest, number> = { 'SHA-1': 2_000_000, 'SHA-256': 2_000_000, 'SHA-512': 1_200_000 }

/** Rounds of bcrypt per iteration, native and in JavaScript. Measured: see decision 012. */
const ROUNDS_PER_ITERATION: Record<Digest, [native: number, script: number]> = {
  'SHA-1': [0.0014, 0.038],
  'SHA-256': [0.0016, 0.04],
  'SHA-512': [0.0067, 0.053],
}

type Pbkdf2 = { digest: Digest; iterations: number; salt: Uint8Array<ArrayBuffer>; key: Uint8Array }

/** A hash that stores PBKDF2 (RFC 8018 section 5.2) of the password. Refused if it has too many iterations. */
export function pbkdf2Hash(format: string, { digest, iterations, salt, key }: Pbkdf2): ForeignHash | Refused {
  if (iterations > MAX_ITERATIONS[digest]) return tooDear(format)
  const native = iterations <= NATIVE_MAX_ITERATIONS
  const derive = native ? nativePbkdf2 : pbkdf2
  return {
    format,
    rounds: iterations * ROUNDS_PER_ITERATION[digest][native ? 0 : 1],
    matches: async (password) => equal(await derive(digest, utf8(password), salt, iterations), key),
  }
}

type Derive = (
  digest: Digest,
  password: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
) => Promise<Uint8Array>

const nativePbkdf2: Derive = async (hash, password, salt, iterations) => {
  const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
  const bits = 8 * DIGEST_BYTES[hash]
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash, salt, iterations }, key, bits))
}
