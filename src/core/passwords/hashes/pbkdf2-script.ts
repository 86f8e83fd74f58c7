export type Digest = 'SHA-1' | 'SHA-256' | 'SHA-512'

const NAMES = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' }

/** About 30 ms, during which everything else in this isolate waits. */
const ITERATIONS_AT_ONCE = 10_000

/**
 * PBKDF2 (RFC 8018 section 5.2) with its loop in JavaScript, for more iterations than the platform accepts. It returns
 * one block of the digest.
 */
export async function pbkdf2(
  digest: Digest,
  password: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array> {
  const { createHmac } = await import('node:crypto') // loaded on demand, not when the Worker starts
  const hmac = (data: Uint8Array): Uint8Array => createHmac(NAMES[digest], password).update(data).digest()
  let link = hmac(new Uint8Array([...salt, 0, 0, 0, 1])) // the salt and the block number
  const block = Uint8Array.from(link)
  for (let iteration = 1; iteration < iterations; iteration++) {
    if (iteration % ITERATIONS_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve))
    link = hmac(link)
    for (let i = 0; i < block.length; i++) block[i]! ^= link[i]!
  }
  return block
}
