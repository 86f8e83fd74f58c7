/**
 * Hashes as other systems make them: Python's by those systems themselves, WordPress's by the functions of PHP that it
 * calls, the others by Node's own cryptography.
 */
import { execFileSync } from 'node:child_process'
import { createCipheriv, randomBytes, scryptSync } from 'node:crypto'
import { firebaseHash, flaskSecurityHash } from '../../src/core/passwords/hashes/index.ts'
import { python } from './python.ts'
import { skipWithout } from './service.ts'

export type Made = { format: string; password: string; hash: string }

/** One of each format for each password; with the work that their makers put in by default, or with little. */
export function foreignHashes(passwords: string[], defaults: boolean): Made[] {
  const ofPython = python('hashes.py', { passwords, defaults }) as (Made & { salt?: string })[]
  const others = passwords.flatMap((password) => [
    { format: 'better-auth scrypt', password, hash: betterAuth(password) },
    { format: 'firebase scrypt', password, hash: firebase(password, defaults ? 14 : 8) },
    { format: 'supabase fbscrypt', password, hash: supabase(password, defaults ? 14 : 8) },
    { format: 'wordpress bcrypt', password, hash: wordPress(password, defaults ? 10 : 4) },
  ])
  const made = ofPython.map(({ salt, hash, ...rest }) => ({
    ...rest,
    hash: salt === undefined ? hash : flaskSecurityHash(salt, hash),
  }))
  return [...made, ...others]
}

/** Whether the tests of a file must be left out, because there is no PHP. */
export const withoutPhp = (): boolean => skipWithout('PHP', () => execFileSync('php', ['-v'], { stdio: 'ignore' }))

/** `wp_hash_password` of WordPress 6.8, given what a form would post: it adds slashes to all of that. */
const WORDPRESS = `
  [$password, $cost] = json_decode(stream_get_contents(STDIN));
  $reduced = base64_encode(hash_hmac('sha384', trim(addslashes($password)), 'wp-sha384', true));
  echo '$wp', password_hash($reduced, PASSWORD_BCRYPT, ['cost' => $cost]);`

export const wordPress = (password: string, cost: number): string =>
  execFileSync('php', ['-r', WORDPRESS], { input: JSON.stringify([password, cost]), encoding: 'utf8' })

function betterAuth(password: string): string {
  const salt = randomBytes(16).toString('hex')
  const cost = { N: 16_384, r: 16, p: 1, maxmem: 2 ** 26 }
  return `${salt}:${scryptSync(password.normalize('NFKC'), salt, 64, cost).toString('hex')}`
}

/** As `\$fbscrypt\$` of Supabase Auth's internal/crypto/password.go is read. */
function supabase(password: string, mem_cost: number): string {
  const parts = firebase(password, mem_cost).split('$').slice(3)
  const [salt, separator, key, hash] = parts.map((part) => Buffer.from(part, 'base64').toString('base64'))
  return `$fbscrypt$v=1,n=${mem_cost},r=8,p=1,ss=${separator},sk=${key}$${salt}$${hash}`
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
