import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow, countOf } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import type { Proof } from '../../core/proof.ts'
import type { Ticket } from '../../core/ticket.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { claimOf } from '../../signing-in/spent.ts'
import type { Said } from './ceremony.ts'
import { mails } from './mails.ts'
import type { StoredPasskey } from './queries.ts'

const DAY_SECONDS = 86_400

/**
 * Whether the counter did not rise (WebAuthn Level 3 section 6.1.1). For a passkey that stays on one device, that happens if it
 * was copied. Managers that sync passkeys send lower counters, or 0, all the time.
 */
const hasGoneBack = (stored: StoredPasskey, { counter }: Said): boolean =>
  (counter > 0 || stored.counter > 0) && counter <= stored.counter

/** What is stored decides, because whoever has a copy can set the flag. */
const isSynced = ({ backup_eligible }: StoredPasskey): boolean => backup_eligible === 1

export const isCopy = (stored: StoredPasskey, asserted: Said): boolean =>
  hasGoneBack(stored, asserted) && !isSynced(stored)

/** Refuses a copied passkey. Its owner is told once a day at most. The challenge is spent. @throws Problem 503 `unavailable` */
export async function refuseCopy(call: Call, { user_id }: StoredPasskey, { id, until }: Ticket): Promise<Problem> {
  const { claim, claimed } = claimOf([{ id, until }], sql`TRUE`)
  const isTold = sql`${countOf('passkey_copied', user_id, call.now - DAY_SECONDS)} > 0`
  await batch(call.env.DB, [
    claim,
    await mailRow(call, mails.copied, sql`id = ${user_id} AND ${claimed} AND NOT ${isTold}`),
    auditRow(call, { event: 'passkey_copied', user_id }, claimed),
  ])
  return new Problem('invalid_credentials')
}

/**
 * The part of a proof that an assertion adds. It holds while the passkey is as it was read, and is written along with what the
 * assertion says. A passkey that has verified its user once can do so again. The backup flags may change from one login to the next.
 */
export function useOf(call: Call, stored: StoredPasskey, asserted: Said, { ticket, holds }: Base): Use {
  const { id, user_id, counter } = stored
  const { counter: next, user_verified, backup_eligible, backed_up } = asserted
  const isUnused = sql`EXISTS (SELECT 1 FROM passkeys
    WHERE id = ${id} AND user_id = users.id AND counter = ${counter} AND last_challenge IS NOT ${ticket.id})`
  const noted = (mine: Sql): Sql[] =>
    hasGoneBack(stored, asserted)
      ? [
          auditRow(
            call,
            { event: 'passkey_copied', reason: 'synced', user_id },
            sql`EXISTS (SELECT 1 FROM users WHERE ${mine})`,
          ),
        ]
      : []
  return {
    holds: sql`${holds} AND ${isUnused}`,
    alongside: (mine) => [
      ...noted(mine),
      sql`UPDATE passkeys
        SET counter = ${next}, user_verified = max(user_verified, ${Number(user_verified)}),
          backup_eligible = ${Number(backup_eligible)}, backed_up = ${Number(backed_up)},
          last_used_at = ${call.now}, last_challenge = ${ticket.id}
        WHERE id = ${id} AND EXISTS (SELECT 1 FROM users WHERE ${mine})`,
    ],
  }
}

type Base = { ticket: Ticket; holds: Sql }
type Use = Pick<Proof, 'holds' | 'alongside'>
