import * as v from 'valibot'
import type { Call, Method, Whose } from '../../core/call.ts'
import { check } from '../../http/body.ts'
import { findUser } from '../../core/users/users.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOf } from '../../signing-in/prove.ts'
import type { Ticket } from '../../core/ticket.ts'
import { code } from './inputs.ts'
import { proveCode, TOTP } from './prove.ts'
import { isConfirmed } from './queries.ts'

/** The code of an authenticator app (RFC 6238): something you have. */
export const totp = {
  name: TOTP,
  kind: 'have',
  amr: ['otp'],
  enrols: true,
  alwaysAsks: true,
  ways: sql`(SELECT count(*) FROM totp WHERE user_id = users.id AND ${isConfirmed})`,
  factors: {
    label: { en: 'Authenticator app', ko: '인증 앱' },
    list: (user_id) =>
      sql`SELECT id, NULL AS name, created_at, last_used_at FROM totp WHERE user_id = ${user_id} AND ${isConfirmed}`,
    owners: sql`SELECT user_id FROM totp WHERE ${isConfirmed}`,
    remove: (user_id, id) => sql`DELETE FROM totp WHERE user_id = ${user_id} AND id IN (${id ?? sql`id`}) RETURNING id`,
  },

  async show(call: Call, { code }: { code: string }, ticket?: Ticket) {
    if (!ticket) throw new Problem('invalid_ticket')
    const { user } = await proofOf(call, ticket)
    return proveCode(call, { user, code, state: isConfirmed, device_token: ticket.device_token })
  },

  confirm(call, whose, input) {
    return v.is(given, input) ? confirmCode(call, whose, input) : undefined
  },
} satisfies Method

/** A malformed code is an error of this method, not the input of another. */
const given = v.object({ totp: v.string() })
const confirmation = v.object({ totp: code })

/** All sessions and mailed links of the account share their attempts. */
async function confirmCode(call: Call, { user_id, by }: Whose, input: object) {
  const { totp: code } = check(confirmation, input)
  const user = await findUser(call.env.DB, sql`id = ${user_id}`, call.registry.methods)
  if (!user) throw new Problem('invalid_code')
  const session_id = 'link' in by ? by.link : by.session.id
  const session = 'session' in by ? by.session : undefined
  const shown = { user, code, state: isConfirmed, who: { user_id, session_id } }
  return proveCode(call, { ...shown, ...(session && { session }) })
}
