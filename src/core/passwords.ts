import bcrypt from 'bcryptjs'
import { utf8 } from '../lib/bytes.ts'
import { BCRYPT_MIN_COST, bcryptCost } from './hashes/bcrypt.ts'
import { bcryptSha256, bcryptSha256Cost } from './hashes/django.ts'
import { readHash } from './hashes/index.ts'

/** What a user's row says about the password. */
export type StoredPassword = {
  hashed_password: string | null
  /** NULL: the hash was imported, and is compared as its maker compared it. */
  password_set_at: number | null
}

/** `unreadable`: there is a hash, but not one that can be read, or not at that price. */
export type PasswordCheck = 'match' | 'mismatch' | 'unreadable'

/** bcrypt reads this many bytes and silently drops the rest. */
const BCRYPT_MAX_BYTES = 72

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
  const comparison = stored && comparisonOf(stored)
  if (!comparison) {
    await bcrypt.compare(password, decoy(cost))
    return hash === undefined ? 'mismatch' : 'unreadable'
  }
  if (await comparison.matches(password)) return 'match'
  topUp(password, 2 ** cost - comparison.rounds)
  return 'mismatch'
}

type Comparison = {
  /** The work of it, in rounds of bcrypt. */
  rounds: number
  matches: (password: string) => Promise<boolean>
}

function comparisonOf({ hashed_password: hash, password_set_at }: StoredPassword): Comparison | undefined {
  if (hash === null) return undefined
  const cost = bcryptCost(hash)
  if (cost === undefined) {
    const foreign = readHash(hash)
    return 'refused' in foreign ? undefined : foreign
  }
  const matches = async (password: string) =>
    bcrypt.compare(password_set_at === null ? password : await bcryptInput(password), hash)
  return { rounds: 2 ** cost, matches }
}

/**
 * So many rounds of bcrypt, less what is below its lowest cost: a cheap hash must not answer sooner than a decoy. After
 * bcrypt at the cost k these are 2^k + 2^(k+1) + ... + 2^(cost-1). Without yielding in between, which would add a turn
 * of the event loop for each step.
 */
function topUp(password: string, rounds: number): void {
  for (let step = BCRYPT_MIN_COST; 2 ** step <= rounds; step++) {
    if (Math.floor(rounds / 2 ** step) % 2 === 1) bcrypt.compareSync(password, decoy(step))
  }
}

/** A bcrypt hash at `cost` of a password that a person chose here. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(await bcryptInput(password), cost)
}

/**
 * The hash that should replace the one that a password has just matched: that of another system always, bcrypt's where
 * it is cheaper than `cost`. Undefined where it may stay. With an imported bcrypt hash only the cost changes: the
 * password is cut as before, so that the table can still move back. Other systems read all of it, and so does what
 * replaces their hashes.
 */
export async function upgradedHash(
  password: string,
  stored: StoredPassword,
  cost: number,
): Promise<string | undefined> {
  const hash = stored.hashed_password
  if (hash === null) return undefined
  const wasBcrypt = bcryptCost(hash)
  const known = wasBcrypt ?? bcryptSha256Cost(hash)
  if (known === undefined ? 'refused' in readHash(hash) : known >= cost) return undefined
  if (stored.password_set_at !== null) return hashPassword(password, cost)
  const fits = wasBcrypt !== undefined || utf8(password).length <= BCRYPT_MAX_BYTES
  return fits ? bcrypt.hash(password, cost) : bcryptSha256(password, cost)
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
