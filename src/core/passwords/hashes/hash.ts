/** A hash from another system that was read and is cheap enough to compare. */
export type ForeignHash = {
  /** Who writes such hashes, and with which algorithm. For reports only, never for decisions. */
  format: string
  /** The cost of one comparison, in rounds of bcrypt. An estimate; `bench/hashes.ts` measures it. */
  rounds: number
  /** Takes the password as typed, or one of its `readings`, and hashes it as the maker did. */
  matches: (password: string) => Promise<boolean>
  /** The forms of a typed password that the maker may have hashed. If missing, only the password as typed. */
  readings?: (password: string) => string[]
  /** The maker's rule for reading passwords. A hash that replaces this one keeps the rule. */
  reading?: Reading
  /** log2 of the rounds, in formats that replace other hashes. Such a hash is kept if its cost is high enough. */
  keptCost?: number
}

/** `nfkc`: normalized to NFKC. `trim`: without surrounding white space. */
export type Reading = 'nfkc' | 'trim'

export type Refused = {
  /**
   * `too_dear`: a well-formed hash that needs more work or memory than a guess may cost. `unsupported`: a known format
   * that is not verified here. `malformed`: it begins like a known format, but no maker writes the rest. `unknown`: no
   * known format. It may be a password in plain text, so never show it.
   */
  refused: 'too_dear' | 'unsupported' | 'malformed' | 'unknown'
  format?: string
}

/**
 * Reads the hashes of one family; undefined if the text is not one of them. No hashing happens before `matches` is
 * called.
 */
export type Reader = (text: string) => ForeignHash | Refused | undefined

export const malformed = (format: string): Refused => ({ refused: 'malformed', format })
export const tooDear = (format: string): Refused => ({ refused: 'too_dear', format })
export const unsupported = (format: string): Refused => ({ refused: 'unsupported', format })
