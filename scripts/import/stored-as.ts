import { flaskSecurityHash } from '../../src/core/passwords/hashes/index.ts'
import { UnreadableFile } from './rows.ts'

/** What was done to passwords before they were hashed, if the hashes do not say so. At most one of these is set. */
export type Prehash = {
  /** `SECURITY_PASSWORD_SALT`, the key of the HMAC that Flask-Security hashes. */
  flaskSecuritySalt?: string | undefined
  /** Flask-Bcrypt hashes the hexadecimal SHA-256 where `BCRYPT_HANDLE_LONG_PASSWORDS` is set. */
  sha256?: boolean | undefined
  /** Nothing was done, whatever the table looks like. */
  plain?: boolean | undefined
}

/**
 * Returns a function that adds this to a hash, so that it can be compared. Undefined if the operator said nothing.
 * @throws UnreadableFile
 */
export function storedAs({ flaskSecuritySalt: salt, sha256, plain }: Prehash): ((hash: string) => string) | undefined {
  if ([salt !== undefined, sha256, plain].filter(Boolean).length > 1) {
    throw new UnreadableFile('Give one of --flask-security-salt, --sha256-first and --plain-hashes.')
  }
  if (salt === '')
    throw new UnreadableFile('The file of --flask-security-salt is empty: SECURITY_PASSWORD_SALT belongs there.')
  if (salt !== undefined) return (hash) => (hash.startsWith('$') ? flaskSecurityHash(salt, hash) : hash)
  // Django's name for the same thing.
  if (sha256) return (hash) => (/^\$2[aby]?\$/.test(hash) ? `bcrypt_sha256$${hash}` : hash)
  return plain ? (hash) => hash : undefined
}
