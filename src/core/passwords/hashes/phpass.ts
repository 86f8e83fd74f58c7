import { utf8 } from '../../../lib/bytes.ts'
import { equal } from './equal.ts'
import { malformed, type Reader, tooDear } from './hash.ts'
import { underRule } from './reading.ts'
import { wordPressReadings } from './wordpress.ts'

const HASH = /^\$[PH]\$([./0-9A-Za-z])([./0-9A-Za-z]{8})([./0-9A-Za-z]{22})$/

/** phpass has its own base64: the first of four characters holds the low bits. */
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/**
 * log2 of the iterations: the minimum of phpass, the most that a guess may cost, and the maximum of phpass. passlib
 * writes 19, WordPress 13.
 */
const [MIN_LOG, MAX_LOG, MAX_MADE_LOG] = [7, 21, 30]

/** Rounds of bcrypt per iteration. Measured: see decision 012. */
const ROUNDS_PER_ITERATION = 0.025

/** About 30 ms, during which everything else in this isolate waits. */
const ITERATIONS_AT_ONCE = 20_000

const DIGEST_BYTES = 16

/**
 * Each iteration hashes the whole password, so a long guess would take longer than elsewhere. A longer password never
 * matches.
 */
const MAX_PASSWORD_BYTES = 256

/**
 * The portable hashes of phpass: iterated MD5, by WordPress before 6.8 (`$P$`), phpBB 3 (`$H$`) and others. The hash
 * does not show whether WordPress made it, so a password may match as WordPress read it or as it was typed.
 */
export const readPhpass: Reader = (text) => {
  if (!/^\$[PH]\$/.test(text)) return undefined
  const [, log = '', salt = '', encoded = ''] = HASH.exec(text) ?? []
  const log2 = ALPHABET.indexOf(log)
  const key = decoded(encoded)
  if (!key || log2 < MIN_LOG || log2 > MAX_MADE_LOG) return malformed('phpass')
  if (log2 > MAX_LOG) return tooDear('phpass')
  const iterations = 2 ** log2
  const matches = async (password: string) => {
    const bytes = utf8(password)
    const computed = await iteratedMd5(bytes.subarray(0, MAX_PASSWORD_BYTES), utf8(salt), iterations)
    return equal(computed, key) && bytes.length <= MAX_PASSWORD_BYTES
  }
  return underRule({ format: 'phpass', rounds: iterations * ROUNDS_PER_ITERATION, matches }, 'trim', (password) => [
    ...wordPressReadings(password),
    password,
  ])
}

/** The 16 bytes; undefined if the last character has bits that no maker sets. */
function decoded(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(DIGEST_BYTES)
  let [bits, count, at] = [0, 0, 0]
  for (const char of text) {
    bits |= ALPHABET.indexOf(char) << count
    count += 6
    if (count < 8 || at === DIGEST_BYTES) continue
    bytes[at++] = bits
    bits >>= 8
    count -= 8
  }
  return at === DIGEST_BYTES && bits === 0 ? bytes : undefined
}

async function iteratedMd5(password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array> {
  const { createHash } = await import('node:crypto') // loaded on demand, not when the Worker starts
  let link = createHash('md5').update(salt).update(password).digest()
  for (let iteration = 1; iteration <= iterations; iteration++) {
    if (iteration % ITERATIONS_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve))
    link = createHash('md5').update(link).update(password).digest()
  }
  return link
}
