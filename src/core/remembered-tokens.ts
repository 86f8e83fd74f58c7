import type { Config } from '../config.ts'
import { LEGACY_SESSION, type Session } from './sessions.ts'

/** What a token said whose signature and claims were found good; its times are yet to be looked at, each time. */
export type Verified = {
  session: Session
  /** Seconds: `iat` and `nbf`, less the leeway. */
  not_before: number
}

/** Tokens are about 330 characters, and each entry costs as many bytes again: 22 MB (measured) of the 128 of an isolate. */
export const MAX_TOKENS = 32_768
export const MAX_CHARACTERS = 14 * 1024 * 1024

/** A longer token is verified each time: a few dozen of them must not take the place of all others. */
const MAX_LENGTH = 1_024

/**
 * When all places are taken, one newcomer in eight gets one, of a random other. In whatever order tokens come, most of
 * those that are known stay known, and a flood of tokens that are shown once costs next to nothing.
 */
const ADMITTED = 1 / 8

type Entry = Verified & { place: number }

/** Tokens by their exact text, for one isolate and one configuration. Every operation takes constant time. */
export type RememberedTokens = ReturnType<typeof rememberedTokens>

export function rememberedTokens(maxTokens = MAX_TOKENS, maxCharacters = MAX_CHARACTERS) {
  const entries = new Map<string, Entry>()
  const places: string[] = []
  let characters = 0

  function forget(token: string, { place }: Entry): void {
    entries.delete(token)
    characters -= token.length
    const last = places.pop()!
    if (last === token) return
    places[place] = last
    entries.get(last)!.place = place
  }

  const isFull = (token: string): boolean => places.length >= maxTokens || characters + token.length > maxCharacters

  return {
    /** What the token said, while its times allow it. One that has expired is forgotten. */
    find(token: string, now: number): Session | undefined {
      const entry = entries.get(token)
      if (!entry || now < entry.not_before) return undefined
      const { session } = entry
      if (now < session.expires_at) return { ...session, roles: [...session.roles] } // a handler may change its own
      forget(token, entry)
      return undefined
    },
    /** Only for a token that has just been verified in full. Those of the old application are not kept. */
    add(token: string, { session, not_before }: Verified): void {
      if (token.length > MAX_LENGTH || session.id === LEGACY_SESSION || entries.has(token)) return
      if (isFull(token) && Math.random() >= ADMITTED) return
      while (isFull(token)) {
        const other = places[Math.floor(Math.random() * places.length)]!
        forget(other, entries.get(other)!)
      }
      entries.set(token, { session, not_before, place: places.length })
      places.push(token)
      characters += token.length
    },
    size: (): number => places.length,
    characters: (): number => characters,
  }
}

const memories = new WeakMap<Config, RememberedTokens>()

/** The tokens that were verified under a configuration; another one, with other keys or claims, has none of them. */
export function rememberedOf(config: Config): RememberedTokens {
  let memory = memories.get(config)
  if (!memory) memories.set(config, (memory = rememberedTokens()))
  return memory
}
