import bcrypt from 'bcryptjs'
import { utf8 } from '../../lib/bytes.ts'
import { BCRYPT_MIN_COST, bcryptCost, bcryptMatches } from './hashes/bcrypt-form.ts'
import { bcryptSha256 } from './hashes/django.ts'
import { readHash, unwrapHash } from './hashes/index.ts'
import { readAs } from './hashes/reading.ts'

/** The password columns of a user's row. */
export type StoredPassword = {
  hashed_password: string | null
  /** NULL: the hash was imported, and is compared as its maker did. */
  password_set_at: number | null
}

/** `unreadable`: there is a hash, but it cannot be read or costs too much. */
export type PasswordCheck = 'match' | 'mismatch' | 'unreadable'

/** bcrypt reads this many bytes and silently ignores the rest. */
const BCRYPT_MAX_BYTES = 72

/** On a match, `spelling` is the spelling that matched, for `upgradedHash`. */
export type Checked = { result: 'match'; spelling: string } | { result: Exclude<PasswordCheck, 'match'> }

/**
 * Compares a password with the stored hash, or with a decoy if there is none. The time reveals nothing to someone who
 * guesses: each spelling of the password takes as long as one hash at `cost`, whatever the outcome. Only a hash that
 * costs more than `cost` takes longer.
 */
export async function checkPassword(
  password: string,
  stored: StoredPassword | undefined,
  cost: number,
): Promise<Checked> {
  const hash = stored?.hashed_password ?? undefined
  const spellings = spellingsOf(password)
  const comparison = stored && comparisonOf(stored, spellings)
  for (const [text, spelling] of comparison?.readings ?? []) {
    if (await comparison!.matches(text)) return { result: 'match', spelling }
  }
  const work = comparison ? comparison.rounds * comparison.readings.size : 0
  await topUp(password, spellings.length * 2 ** cost - work, cost)
  return { result: comparison || hash === undefined ? 'mismatch' : 'unreadable' }
}

/**
 * The password as typed, and in the other of the two Unicode forms (NFC and NFD) that keyboards and systems use for
 * accents and Hangul. An ASCII password has one spelling. The number of spellings depends only on the guess, not on the
 * account.
 */
function spellingsOf(password: string): string[] {
  const composed = password.normalize('NFC')
  const other = composed === password ? password.normalize('NFD') : composed
  return other === password ? [password] : [password, other]
}

type Comparison = {
  /** The cost of one comparison, in rounds of bcrypt. */
  rounds: number
  /** Each text to compare, with the spelling that it comes from. */
  readings: Map<string, string>
  matches: (text: string) => Promise<boolean>
}

function comparisonOf(stored: StoredPassword, spellings: string[]): Comparison | undefined {
  if (stored.hashed_password === null) return undefined
  const hash = unwrapHash(stored.hashed_password)
  const cost = bcryptCost(hash)
  if (cost === undefined) {
    const foreign = readHash(hash)
    if ('refused' in foreign) return undefined
    const { rounds, matches, readings = (password: string) => [password] } = foreign
    const pairs = spellings.flatMap((spelling) => readings(spelling).map((text) => [text, spelling] as const))
    return { rounds, readings: new Map(pairs), matches }
  }
  const rounds = 2 ** cost
  if (stored.password_set_at === null) {
    const readings = new Map(spellings.map((spelling) => [spelling, spelling]))
    return { rounds, readings, matches: (text) => bcryptMatches(text, hash) }
  }
  const [typed = ''] = spellings // `bcryptInput` maps all spellings to one
  return {
    rounds,
    readings: new Map([[typed, typed]]),
    matches: async (text) => bcryptMatches(await bcryptInput(text), hash),
  }
}

/**
 * Spends `rounds` rounds of bcrypt, except a remainder below its lowest cost, so that a cheap hash does not answer
 * sooner than a decoy. After bcrypt at the cost k these are 2^k + 2^(k+1) + ... + 2^(cost-1). The steps do not yield,
 * which would add a turn of the event loop for each.
 */
async function topUp(password: string, rounds: number, cost: number): Promise<void> {
  for (; rounds >= 2 ** cost; rounds -= 2 ** cost) await bcrypt.compare(password, decoy(cost))
  for (let step = BCRYPT_MIN_COST; 2 ** step <= rounds; step++) {
    if (Math.floor(rounds / 2 ** step) % 2 === 1) bcrypt.compareSync(password, decoy(step))
  }
}

/** A bcrypt hash at `cost` of a password that was set here. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  return bcrypt.hash(await bcryptInput(password), cost)
}

/**
 * The hash that should replace the one that a password, in this spelling, has just matched. A hash of another system is
 * always replaced; a bcrypt hash is replaced if it costs less than `cost`. Undefined if the hash may stay. An imported
 * bcrypt hash changes only its cost: the password is still cut at 72 bytes, so that the table can move back to the old
 * application. Other systems read the whole password, and so do the hashes that replace theirs. A spelling that opened
 * the account before still opens it.
 */
export async function upgradedHash(
  password: string,
  stored: StoredPassword,
  cost: number,
): Promise<string | undefined> {
  if (stored.hashed_password === null) return undefined
  const hash = unwrapHash(stored.hashed_password)
  const known = bcryptCost(hash)
  const foreign = known === undefined ? readHash(hash) : undefined
  if (foreign && 'refused' in foreign) return undefined
  if ((known ?? foreign?.keptCost ?? 0) >= cost) return undefined
  if (stored.password_set_at !== null) return hashPassword(password, cost)
  if (!foreign) return bcrypt.hash(password, cost)
  const { reading } = foreign
  const text = reading ? readAs[reading](password) : password
  const fits = utf8(text).length <= BCRYPT_MAX_BYTES
  return (reading ? `${reading}:` : '') + (await (fits ? bcrypt.hash(text, cost) : bcryptSha256(text, cost)))
}

/**
 * The input to bcrypt. Up to 72 bytes it is the password itself, so that hashes are portable to and from other bcrypt
 * implementations. A longer password is reduced to 64 bytes that depend on all of it. NFC, because one keyboard sends
 * `é` as one code point and another as two.
 */
async function bcryptInput(password: string): Promise<string> {
  const normal = password.normalize('NFC')
  const bytes = utf8(normal)
  if (bytes.length <= BCRYPT_MAX_BYTES) return normal
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-384', bytes))
  return btoa(String.fromCharCode(...digest))
}

/** A well-formed hash that costs as much to compare as a real one, and that no known password matches. */
const decoy = (cost: number): string => `$2b$${String(cost).padStart(2, '0')}$${'latchkey.decoy'.padEnd(53, '.')}`
