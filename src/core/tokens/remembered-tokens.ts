import type { Config } from '../../config.ts'
import { LEGACY_SESSION, type Session } from '../sessions/session.ts'
import type { Verified } from './claims.ts'

/**
 * The total length of all remembered tokens, in characters: 26,000 tokens of usual length, in 15 MiB (measured in Node)
 * of an isolate's 128 MB. What is kept about a token is never longer than the token.
 */
const MAX_CHARACTERS = 8 * 2 ** 20

/**
 * Verified tokens of one isolate and one configuration, by their whole text, so a known signature with another payload
 * does not match. Only valid tokens are added, so forged ones cannot push them out. When the memory is full it is
 * cleared, and each token is verified once more.
 */
export type RememberedTokens = ReturnType<typeof rememberedTokens>

export function rememberedTokens(maxCharacters = MAX_CHARACTERS) {
  const known = new Map<string, Verified>()
  let characters = 0
  return {
    /** The session of a remembered token, if its times are still valid. */
    find(token: string, now: number): Session | undefined {
      const verified = known.get(token)
      if (!verified || now < verified.not_before || now >= verified.session.expires_at) return undefined
      return copyOf(verified.session)
    },
    /** Call it only for a token that was just fully verified. Tokens of the old application are not kept. */
    add(token: string, { session, not_before }: Verified): void {
      if (session.id === LEGACY_SESSION) return
      if (characters + token.length > maxCharacters) {
        known.clear()
        characters = 0
      }
      characters += token.length
      known.set(token, { session: copyOf(session), not_before })
    },
    size: (): number => known.size,
  }
}

/** Copied, so that a handler cannot change the remembered session. */
const copyOf = (session: Session): Session => ({ ...session, roles: [...session.roles] })

const memories = new WeakMap<Config, RememberedTokens>()

/** The remembered tokens of a configuration. Another configuration, with other keys or claims, has none of them. */
export function rememberedOf(config: Config): RememberedTokens {
  let memory = memories.get(config)
  if (!memory) memories.set(config, (memory = rememberedTokens()))
  return memory
}
