import { utf8 } from '../../../lib/bytes.ts'
import { equal } from './equal.ts'
import { type ForeignHash, malformed, type Refused, tooDear } from './hash.ts'

/** RFC 7914 section 2: `N` is the cost, `r` the block size, `p` the parallelization. */
export type ScryptCost = { N: number; r: number; p: number }

/** Bytes, for scrypt's table and for its blocks. An isolate has 128 MB for everything. */
const MAX_MEMORY = 64 * 1024 * 1024

/** N * r * p. The platform refuses more (`DEFAULT_MAX_SCRYPT_COST` in workerd's limit-enforcer.h). */
const MAX_WORK = 2 ** 20

/** Rounds of bcrypt per unit of N * r * p. Measured: see decision 012. */
const ROUNDS_PER_UNIT = 0.003

/** Whether RFC 7914 section 2 allows the cost. The platform's scrypt throws if not. */
export const isScryptCost = ({ N, r }: ScryptCost): boolean =>
  N > 1 && Number.isInteger(Math.log2(N)) && Math.log2(N) < 16 * r

/** Whether a guess may cost this much memory and time. */
export const isAffordable = ({ N, r, p }: ScryptCost): boolean =>
  128 * r * Math.max(N, p) <= MAX_MEMORY && N * r * p <= MAX_WORK

/** The work of one derivation, in rounds of bcrypt. */
export const scryptRounds = ({ N, r, p }: ScryptCost): number => N * r * p * ROUNDS_PER_UNIT

/**
 * RFC 7914, with the platform's own implementation. It is twice as fast as JavaScript, and frees its memory at once
 * instead of waiting for garbage collection. It is synchronous, so no two derivations need memory at the same time.
 * @throws Error if the platform refuses the cost
 */
export async function scrypt(
  password: Uint8Array<ArrayBuffer>,
  salt: Uint8Array<ArrayBuffer>,
  length: number,
  cost: ScryptCost,
): Promise<Uint8Array<ArrayBuffer>> {
  const { scryptSync } = await import('node:crypto') // loaded on demand: most isolates never need it
  return Uint8Array.from(scryptSync(password, salt, length, { ...cost, maxmem: 2 * MAX_MEMORY }))
}

type ScryptHash = { cost: ScryptCost; salt: Uint8Array<ArrayBuffer>; key: Uint8Array }

/** A hash that stores scrypt of the password, in UTF-8 and as `prepared` by its maker. Refused if it costs too much. */
export function scryptHash(
  format: string,
  { cost, salt, key }: ScryptHash,
  prepared = (password: string) => password,
): ForeignHash | Refused {
  if (!isScryptCost(cost)) return malformed(format)
  if (!isAffordable(cost)) return tooDear(format)
  return {
    format,
    rounds: scryptRounds(cost),
    matches: async (password) => equal(await scrypt(utf8(prepared(password)), salt, key.length, cost), key),
  }
}
