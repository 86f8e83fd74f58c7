/** A hash that another system made, read and found cheap enough to compare. */
export type ForeignHash = {
  /** Who writes such hashes, and with what: for reports, never for decisions. */
  format: string
  /** What one comparison costs, in rounds of bcrypt. An estimate; `bench/hashes.ts` measures it. */
  rounds: number
  /** Takes the password as it was typed, and does to it what the hash's maker did. */
  matches: (password: string) => Promise<boolean>
}

export type Refused = {
  /**
   * `too_dear`: a well-formed hash that asks for more work or memory than a guess may cost. `unsupported`: a known kind
   * that is not verified here. `malformed`: it begins like a known kind, and no maker wrote the rest. `unknown`: nothing
   * that is known; it may be a password in plain text, so it is not to be shown to anybody.
   */
  refused: 'too_dear' | 'unsupported' | 'malformed' | 'unknown'
  format?: string
}

/** Reads the hashes of one family. Undefined: the text is none of them. It does no work before `matches` is called. */
export type Reader = (text: string) => ForeignHash | Refused | undefined

export const malformed = (format: string): Refused => ({ refused: 'malformed', format })
export const tooDear = (format: string): Refused => ({ refused: 'too_dear', format })
export const unsupported = (format: string): Refused => ({ refused: 'unsupported', format })
