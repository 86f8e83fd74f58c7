import bcrypt from 'bcryptjs'
import { utf8 } from '../lib/bytes.ts'

/** What a user's row says about the password. */
export type StoredPassword = {
  hashed_password: string | null
  /** NULL: the hash was imported, and is compared as its maker compared it. */
  password_set_at: number | null
}

/** `unreadable`: there is a hash, but not one that bcrypt could have written. */
export type PasswordCheck = 'match' | 'mismatch' | 'unreadable'

/** bcrypt reads this many bytes and silently drops the rest. */
const BCRYPT_MAX_BYTES = 72

/** `$2x$` marks hashes of a broken implementation (CVE-2011-2483); nothing here may verify them. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** A row that asks for more than this (about 5 s of CPU) is hostile or broken, not careful. */
const MAX_COST = 16

/**
 * Compares a password with what is stored, or with a decoy where nothing is, in the time of one hash at `cost`
 * whatever the outcome: who guesses learns nothing from the clock. A hash that is dearer than `cost` takes its own time.
 */
export async function checkPassword(
  password: string,
  stored: StoredPassword | undefined,
  cost: number,
): Promise<PasswordCheck> {
  const hash = stored?.hashed_password ?? undefined
  const hashCost = hash === undefined ? undefined : bcryptCost(hash)
  const input = stored?.password_set_at == null ? password : await bcryptInput(password)
  if (hash === undefined || hashCost === undefined) {
    await bcrypt.compare(input, decoy(cost))
    return hash === undefined ? 'mismatch' : 'unreadable'
  }
  if (await bcrypt.compare(input, hash)) return 'match'
  // 2^k + 2^k + 2^(k+1) + ... + 2^(cost-1) = 2^cost: a cheap imported hash must not answer sooner than a decoy.
  // Without yielding in between, which would add a turn of the event loop for each step.
  for (let step = hashCost; step < cost; step++) bcrypt.compareSync(input, decoy(step))
  return 'mismatch'
}

/** A bcrypt hash at `cost` of a password that a person chose here. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(await bcryptInput(password), cost)
}

/**
 * The hash that should replace a cheaper one, made while its password is at hand; undefined where the hash is dear
 * enough. Only the cost changes: an imported password is cut as before, so that the table can still move back.
 */
export async function upgradedHash(
  password: string,
  stored: StoredPassword,
  cost: number,
): Promise<string | undefined> {
  if ((bcryptCost(stored.hashed_password ?? '') ?? cost) >= cost) return undefined
  return bcrypt.hash(stored.password_set_at === null ? password : await bcryptInput(password), cost)
}

/** log2 of the rounds; undefined when this is no bcrypt hash that may be computed here. */
function bcryptCost(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1])
  return cost >= 4 && cost <= MAX_COST ? cost : undefined
}

/**
 * What bcrypt is given. Up to 72 bytes the password itself, so that the hash is portable to and from any other bcrypt;
 * a longer one is reduced to 64 bytes that depend on all of it. NFC, because one keyboard sends `é` as one code point
 * and another as two.
 */
async function bcryptInput(password: string): Promise<string> {
  const normal = password.normalize('NFC')
  const bytes = utf8(normal)
  if (bytes.length <= BCRYPT_MAX_BYTES) return normal
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes))
  return btoa(String.fromCharCode(...digest))
}

/** A well-formed hash that costs as much to compare as a real one and that no known password gives. */
const decoy = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'latchkey.decoy'.padEnd(53, '.')}`
