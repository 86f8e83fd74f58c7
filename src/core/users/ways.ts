import { type Sql, sql } from '../../lib/sql.ts'

/** The name of the password method, the first one that existed. */
export const PASSWORD = 'password'
/** The name of the mailed code. */
export const CODE = 'code'
/** Shown together with a passkey whose device verified its user, by a PIN or a fingerprint. It is no method of its own. */
export const USER_VERIFICATION = 'user_verification'

/**
 * What the reader of an account and the doorkeeper need to know about a method. Plain data, so that it can be sent to a
 * Durable Object.
 */
export type Way = {
  /** Its name in tickets, sessions and responses. */
  name: string
  /**
   * What it proves: something you know, something you have, or both. `both` shows what one has, and together with
   * `USER_VERIFICATION` what one knows. `vouched` proves only that somebody else knows the user: whoever runs the mailbox,
   * or an identity provider. It stands for what one knows at a sign-in, but is no factor (NIST SP 800-63B-4 section
   * 3.1.3.1).
   */
  kind: 'know' | 'have' | 'both' | 'vouched'
  /** How many of them an account has: a subquery on `users.id` that is part of every read of the account. */
  ways: Sql
  /**
   * How many of them an account has that begin a sign-in and need nothing else to show who it is: a subquery, like `ways`.
   * An account keeps at least one. Without it, no sign-in begins with the method.
   */
  begins?: Sql
}

/** How many of each method an account has, by name. */
export type Has = Record<string, number>

/** What decides how much an account asks for. */
export type Asking = { has: Has; second_factor: boolean }

/** `aal2`: two factors. `aal1`: anything less (NIST SP 800-63B-4). The values of the claim `acr`. */
export type Acr = 'aal1' | 'aal2'

/** The column that counts an account's methods, as a JSON object in a row that is read anyway. */
export function waysColumn(ways: readonly Way[]): Sql {
  const pairs = ways.map(({ name, ways: count }) => sql`${name}, ${count}`)
  return pairs.length === 0 ? sql`'{}'` : sql`json_object(${pairs.reduce((all, pair) => sql`${all}, ${pair}`)})`
}

/** `aal2` for something one knows together with something one has. */
export function acrOf(shown: readonly string[], ways: readonly Way[]): Acr {
  const kinds = kindsOf(shown, ways)
  return kinds.has('know') && kinds.has('have') ? 'aal2' : 'aal1'
}

/** When something that one has was last shown, given when each method was; 0 if never. */
export const secondAt = (shown: Record<string, number>, ways: readonly Way[]): number =>
  Math.max(0, ...Object.entries(shown).flatMap(([name, at]) => (kindsOf([name], ways).has('have') ? [at] : [])))

/**
 * True if the owner of an account has proven enough. Something one has is never enough alone: it may have been stolen.
 * An account that asks for a second factor, and has one, also needs that. `demanded`: the settings demand two factors.
 */
export function isEnough(shown: readonly string[], account: Asking, ways: readonly Way[], demanded = false): boolean {
  const kinds = kindsOf(shown, ways)
  if (demanded) return acrOf(shown, ways) === 'aal2'
  const asksForTwo = account.second_factor && ways.some((way) => isPossession(way) && (account.has[way.name] ?? 0) > 0)
  return (kinds.has('know') || kinds.has('vouched')) && (!asksForTwo || kinds.has('have'))
}

/** The names of the methods that the user has and that would add something to what they have proven. */
export function waysLeft(shown: readonly string[], { has }: Asking, ways: readonly Way[], demanded = false): string[] {
  const kinds = kindsOf(shown, ways)
  const knows = kinds.has('know') || (kinds.has('vouched') && !demanded)
  const adds = ({ kind }: Way): boolean =>
    (isPossession({ kind }) && !kinds.has('have')) ||
    (kind === 'vouched' ? !knows && !demanded : kind !== 'have' && !knows)
  const left = ways.filter((way) => (has[way.name] ?? 0) > 0 && !shown.includes(way.name) && adds(way))
  return left.map(({ name }) => name)
}

/** The condition on `users` that an account keeps a way in without `removed`, the number of those that are removed. */
export function hasAnotherWayIn(ways: readonly Way[], removed: Sql): Sql {
  const count = ways.reduce((sum, { begins }) => (begins ? sql`${sum} + ${begins}` : sum), sql`0`)
  return sql`${count} > ${removed}`
}

/** Whether a method shows something one has. */
export const isPossession = ({ kind }: Pick<Way, 'kind'>): boolean => kind === 'have' || kind === 'both'

function kindsOf(shown: readonly string[], ways: readonly Way[]): Set<'know' | 'have' | 'vouched'> {
  const kinds = ways.filter(({ name }) => shown.includes(name)).map(({ kind }) => (kind === 'both' ? 'have' : kind))
  return new Set([...kinds, ...(shown.includes(USER_VERIFICATION) ? (['know'] as const) : [])])
}
