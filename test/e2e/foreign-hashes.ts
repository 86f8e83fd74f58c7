/** Hashes as other systems make them: Python's by those systems themselves, the others by Node's own cryptography. */
import { createCipheriv, randomBytes, scryptSync } from 'node:crypto'
import { firebaseHash } from '../../src/core/hashes/index.ts'
import { python } from './python.ts'

export type Made = { format: string; password: string; hash: string }

/** One of each format for each password; with the work that their makers put in by default, or with little. */
export function foreignHashes(passwords: string[], defaults: boolean): Made[] {
  const ofPython = python('hashes.py', { passwords, defaults }) as Made[]
  const others = passwords.flatMap((password) => [
    { format: 'better-auth scrypt', password, hash: betterAuth(password) },
    { format: 'firebase scrypt', password, hash: firebase(password, defaults ? 14 : 8) },
  ])
  return [...ofPython, ...others]
}

function betterAuth(password: string): string {
  const salt = randomBytes(16).toString('hex')
  const cost = { N: 16_384, r: 16, p: 1, maxmem: 2 ** 26 }
  return `${salt}:${scryptSync(password.normalize('NFKC'), salt, 64, cost).toString('hex')}`
}

function firebase(password: string, mem_cost: number): string {
  const [salt, separator, signerKey] = [randomBytes(16), Buffer.from([7]), randomBytes(64)]
  const cost = { N: 2 ** mem_cost, r: 8, p: 1, maxmem: 2 ** 26 }
  const key = scryptSync(password, Buffer.concat([salt, separator]), 64, cost).subarray(0, 32)
  return firebaseHash({
    mem_cost,
    rounds: 8,
    salt: salt.toString('base64url'), // as the API gives it; the console's texts are in the other alphabet
    salt_separator: separator.toString('base64'),
    signer_key: signerKey.toString('base64'),
    password_hash: createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(signerKey).toString('base64url'),
  })
}
