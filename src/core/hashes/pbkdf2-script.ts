/** PBKDF2 without the platform, for more iterations than it takes. Imported only when it is needed. */
import { sha1 } from '@noble/hashes/legacy.js'
import { pbkdf2 as derive } from '@noble/hashes/pbkdf2.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Digest } from './pbkdf2.ts'

const HASHES = { 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-512': sha512 }

/** One block of output. It does not yield: a Durable Object has nothing else to do for this account meanwhile. */
export function pbkdf2(digest: Digest, password: Uint8Array, salt: Uint8Array, iterations: number): Uint8Array {
  const hash = HASHES[digest]
  return derive(hash, password, salt, { c: iterations, dkLen: hash.outputLen })
}
