import type { Sql } from '../lib/sql.ts'
import type { Session } from './sessions/session.ts'
import type { CountedUser } from './users/users.ts'

/** Something that works only once: its id, and when it expires (seconds). */
export type Single = { id: string; until: number }

/**
 * What a user has proven, and the condition under which it holds. Every security change needs one
 * (`signing-in/rest.ts`).
 */
export type Proof = {
  user: CountedUser
  /** The names of the methods that were used. */
  methods: readonly string[]
  /** When the last method was used. Seconds. */
  at: number
  /** The condition that finds the user's row as long as the proof is valid. */
  holds: Sql
  /** What is used up when a change relies on the proof. */
  spends: readonly Single[]
  /** Statements to write together with the change, given the condition under which the change is written. */
  alongside: (mine: Sql) => Sql[] | Promise<Sql[]>
  /** The session in which the proof was given. The proof is void when it ends. */
  session?: Session | undefined
  /** The device token that the request carried. */
  device_shown?: string | undefined
  /** The device token for the next login, if the doorkeeper has already remembered the device. */
  device_token?: string | undefined
  /** The doorkeeper has not seen this device before, and the account has others. */
  new_device?: boolean | undefined
}
