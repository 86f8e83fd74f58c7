import type { Config } from '../config.ts'
import { universalHash } from '../lib/universal-hash.ts'
import { LEGACY_SESSION, type Session } from './sessions.ts'

/** What a token said whose signature and claims were found good; its times are yet to be looked at, each time. */
export type Verified = {
  session: Session
  /** Seconds: `iat` and `nbf`, less the leeway. */
  not_before: number
}

/** Places for tokens, a multiple of `WAYS`. All taken, they are 18 MiB (measured in Node) of the 128 MB of an isolate. */
export const PLACES = 2 ** 17

/** A token has its place among these, given by its hash, as in the cache of a processor. */
const WAYS = 8

/**
 * When all of these are taken, one newcomer in eight gets the place of a random one. In whatever order tokens come, most of
 * those that are known stay known, and a flood of tokens that are shown once costs next to nothing.
 */
const ADMITTED = 1 / 8

/** Characters. A token is about 330 without roles. Longer ones are verified each time, because their claims take room. */
const MAX_LENGTH = 640

/** Lists of roles are few, and shared: one for each token could take more than all the rest of it. */
const MAX_ROLE_LISTS = 1_000

/** Of a row: four words of the hash, then from when on and until when it counts, in seconds. */
const [FROM, UNTIL, WORDS] = [4, 5, 6]
const LATEST = 2 ** 32 - 1

/**
 * Tokens that were verified, for one isolate and one configuration. Each is known by a hash of all its text under keys that
 * nobody knows, so another text passes for it once in 2^100 times (`lib/universal-hash.ts`), and no bearer token lies in
 * the memory. Every operation takes constant time.
 */
export type RememberedTokens = ReturnType<typeof rememberedTokens>

export function rememberedTokens(places = PLACES) {
  const hashOf = universalHash(MAX_LENGTH)
  const rows = new Uint32Array(places * WORDS)
  const sessions = Array<Session | undefined>(places)
  const roleLists = new Map<string, string[]>()
  let taken = 0

  /** The first of the places where a hash may be. Signatures are as good as random, so tokens spread evenly. */
  const firstOf = (hash: Uint32Array): number => Math.floor((hash[0]! / 2 ** 32) * (places / WAYS)) * WAYS

  /** All words at once, so that no time tells how many of them are right. */
  const isAt = (row: number, hash: Uint32Array): boolean =>
    ((rows[row]! ^ hash[0]!) |
      (rows[row + 1]! ^ hash[1]!) |
      (rows[row + 2]! ^ hash[2]!) |
      (rows[row + 3]! ^ hash[3]!)) ===
    0

  function placeOf(hash: Uint32Array): number | undefined {
    const first = firstOf(hash)
    for (let place = first; place < first + WAYS; place++) if (isAt(place * WORDS, hash)) return place
    return undefined
  }

  function placeFor(hash: Uint32Array, now: number): number | undefined {
    const first = firstOf(hash)
    for (let place = first; place < first + WAYS; place++) if (rows[place * WORDS + UNTIL]! <= now) return place
    return Math.random() < ADMITTED ? first + Math.floor(Math.random() * WAYS) : undefined
  }

  /** The one list for all sessions with these roles; undefined where there are too many lists already. */
  function sharedRoles(roles: string[]): string[] | undefined {
    const key = JSON.stringify(roles)
    if (!roleLists.has(key) && roleLists.size < MAX_ROLE_LISTS) roleLists.set(key, [...roles])
    return roleLists.get(key)
  }

  return {
    /** What the token said, while its times allow it. */
    find(token: string, now: number): Session | undefined {
      const hash = hashOf(token)
      const place = hash && placeOf(hash)
      if (place === undefined) return undefined
      const row = place * WORDS
      if (now < rows[row + FROM]! || now >= rows[row + UNTIL]!) return undefined
      const session = sessions[place]!
      return { ...session, roles: [...session.roles] } // a handler may change its own
    },
    /** Only for a token that has just been verified in full. Those of the old application are not kept. */
    add(token: string, { session, not_before }: Verified, now: number): void {
      const hash = session.id === LEGACY_SESSION ? undefined : hashOf(token)
      const place = hash && (placeOf(hash) ?? placeFor(hash, now))
      const roles = place === undefined ? undefined : sharedRoles(session.roles)
      if (place === undefined || roles === undefined) return
      if (sessions[place] === undefined) taken++
      sessions[place] = { ...session, roles }
      rows.set(hash!, place * WORDS)
      rows[place * WORDS + FROM] = Math.max(0, not_before)
      rows[place * WORDS + UNTIL] = Math.min(session.expires_at, LATEST)
    },
    /** Places that are taken, also by tokens that have expired. */
    size: (): number => taken,
  }
}

const memories = new WeakMap<Config, RememberedTokens>()

/** The tokens that were verified under a configuration; another one, with other keys or claims, has none of them. */
export function rememberedOf(config: Config): RememberedTokens {
  let memory = memories.get(config)
  if (!memory) memories.set(config, (memory = rememberedTokens()))
  return memory
}
