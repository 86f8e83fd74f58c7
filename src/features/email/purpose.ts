import type { Call } from '../../core/call.ts'
import { holderOf } from '../../core/users/one-time.ts'
import type { Sql } from '../../lib/sql.ts'

declare module '../../core/users/one-time.ts' {
  interface Purposes {
    email_change: true
  }
}

/** The user whose address a link changes, as a subquery like `holderOf`. */
export const moverOf = (call: Call, hash: string): Sql => holderOf(call, 'email_change', hash, { elsewhere: true })
