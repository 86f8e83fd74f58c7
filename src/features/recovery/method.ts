import type { Call, Method } from '../../core/call.ts'
import { first } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import type { Proof } from '../../core/proof.ts'
import type { Ticket } from '../../core/ticket.ts'
import { recoveryHash } from '../../core/users/recovery-codes.ts'
import { RECOVERY } from '../../core/users/second-factor.ts'
import { guess } from '../../doorkeeper/rpc.ts'
import { sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOf, prove } from '../../signing-in/prove.ts'
import { wrongCode } from '../../signing-in/wrong-code.ts'
import { usedMail } from './mails.ts'

/**
 * A recovery code, in place of a lost second factor. It works once, and only at a sign-in. RFC 8176 has no value for it.
 */
export const recovery = {
  name: RECOVERY,
  kind: 'have',
  amr: [],
  ways: sql`(SELECT count(*) FROM recovery_codes WHERE user_id = users.id)`,

  async show(call: Call, { code }: { code: string }, ticket?: Ticket): Promise<Proof> {
    if (!ticket) throw new Problem('invalid_ticket')
    const { env } = call
    const { user } = await proofOf(call, ticket)
    const hash = await recoveryHash(code)
    const stored = sql`EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = ${user.id} AND hash = ${hash})`
    const guessed = { method: RECOVERY, email: user.email, device_token: ticket.device_token }
    const isRight = await guess(
      call,
      guessed,
      async () => (await first(env.DB, sql`SELECT 1 WHERE ${stored}`)) !== null,
    )
    if (!isRight) throw await wrongCode(call, user.id)
    const proof = prove(call, { user, methods: [RECOVERY] })
    const left = (user.has[RECOVERY] ?? 1) - 1
    return {
      ...proof,
      holds: sql`${proof.holds} AND ${stored}`,
      spends: [{ id: `recovery ${user.id} ${hash}`, until: ticket.until }],
      alongside: async (mine) => {
        const isMine = sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`
        return [
          auditRow(call, { event: 'recovery_used', user_id: user.id }, isMine),
          await mailRow(call, usedMail(left), mine),
          sql`DELETE FROM recovery_codes WHERE user_id = ${user.id} AND hash = ${hash} AND ${isMine}`,
        ]
      },
    }
  },
} satisfies Method
