import bcrypt from 'bcryptjs'
import { type MockInstance, vi } from 'vitest'

/** The password of every test user. */
export const PASSWORD = 'a password of somebody'

/** The hash of `PASSWORD` at the cost of the tests' settings. Made once, because bcrypt takes 60 ms. */
export const PASSWORD_HASH = '$2b$10$zbW9e/kuWwevYg1qLa/fYuIOtwYWpHUH3tBj/VebxOH0TxlVrEa4e'

type Compare = (password: string, hash: string) => Promise<boolean>

/**
 * The result for a password and a hash never changes, so bcrypt computes it once per file. Results are cached, not
 * promises, as everywhere.
 */
const results = new Map<string, boolean>()
const compute: Compare = bcrypt.compare.bind(bcrypt)
const compareOnce: Compare = async (password, hash) => {
  const pair = JSON.stringify([password, hash])
  const known = results.get(pair)
  if (known === undefined) results.set(pair, await compute(password, hash))
  else await scheduler.wait(0) // lets concurrent work run, as bcrypt does
  return results.get(pair)!
}
bcrypt.compare = compareOnce as typeof bcrypt.compare

type Hash = (password: string, cost: number) => Promise<string>
const spyOnHash = () => vi.spyOn(bcrypt, 'hash') as unknown as MockInstance<Hash>

/** For tests of what happens between many requests and not inside bcrypt: hashes that take a millisecond. */
export function hashCheaply() {
  const hash: Hash = bcrypt.hash.bind(bcrypt)
  return spyOnHash().mockImplementation((password) => hash(password, 4))
}

/** For tests that set the same password repeatedly: one hash for each password and cost. */
export function hashOnce() {
  const hash: Hash = bcrypt.hash.bind(bcrypt)
  const hashes = new Map<string, string>()
  return spyOnHash().mockImplementation(async (password, cost) => {
    const key = `${cost} ${password}`
    const made = hashes.get(key) ?? (await hash(password, cost))
    hashes.set(key, made)
    return made
  })
}
