import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import { mailRow } from '../../core/mail/outbox.ts'
import { commit, revokeSessions } from '../../core/sessions/sessions.ts'
import { voidOneTime } from '../../core/users/one-time.ts'
import { giveWay } from '../../core/users/registrations.ts'
import { askNoMore, stopAsking } from '../../core/users/second-factor.ts'
import { isPossession } from '../../core/users/ways.ts'
import { forgetAccount, passwordReplaced } from '../../doorkeeper/rpc.ts'
import { settle } from '../../lib/settle.ts'
import { anyOf, type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { claimOf } from '../../signing-in/spent.ts'
import { mails } from './mails.ts'
import { asksSince, type Link, planOf, recentlyAdded } from './queries.ts'

/** What was undone, for the page and the answer. */
export type Undone = { email_restored: boolean; factors_removed: number; factor_stays: boolean }

/** The address may change between the read and the batch. */
const TRIES = 3

/**
 * Takes an account back to before the change that a notice reported. Every session ends, pending changes and mailed
 * links are void, the password is void, because whoever made the change may know it, and the account gets back the
 * address that the link was mailed to. Second factors that were added since are removed, and asking for one ends if it was
 * switched on since, unless that was more than 24 hours ago. Identities that were connected since are removed. Recovery
 * codes that were made since are void. It signs nobody in: a mailed link sets a new password next. The link is void then,
 * and so is every later one, which may have been mailed to somebody else. An earlier one stays valid, so that the earliest
 * owner wins.
 * @throws Problem 400 `invalid_one_time_token`, 403 `account_disabled`, 409 `email_taken`, 503 `unavailable`
 */
export async function undo(call: Call, token: string): Promise<Undone> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { link, stays } = await planOf(call, token)
    const { statements, removing } = await statementsOf(call, link)
    const results = await commit(call.env.DB, statements)
    if (results.at(-1)?.length !== 1) continue
    // Whoever made the change may be among the known devices. The later address no longer belongs to the account.
    await settle(passwordReplaced(call, link.email), 'doorkeeper_not_cleared')
    if (link.moved) await settle(forgetAccount(call, link.account), 'doorkeeper_not_cleared')
    const removed = results.filter((_, i) => removing.includes(statements[i]!)).flat()
    return { email_restored: link.moved, factors_removed: removed.length, factor_stays: stays }
  }
  throw new Problem('unavailable', { headers: { 'Retry-After': '2' } })
}

type Statements = { statements: Sql[]; removing: Sql[] }

async function statementsOf(call: Call, link: Link): Promise<Statements> {
  const { id, hash, user_id, email, account, created_at, expires_at, moved } = link
  // Not bound to the epoch, nor to the factors: whoever took over the account could change them without end.
  const holds = sql`id = ${user_id} AND email = ${account} AND disabled_at IS NULL
    AND EXISTS (SELECT 1 FROM undos WHERE undos.id = ${id} AND hash = ${hash})`
  const { claim, claimed } = claimOf([{ id: `undo ${hash}`, until: expires_at }], holds)
  const mine = sql`id = ${user_id} AND ${claimed}`
  const whose = sql`(SELECT id FROM users WHERE ${mine})`
  const events = moved ? (['undone', 'email_changed'] as const) : (['undone'] as const)
  const { methods } = call.registry
  const owned = methods.flatMap((method) =>
    method.factors ? [{ ...method.factors, kind: method.kind, chosen: recentlyAdded(call, link, method) }] : [],
  )
  const removing = owned.map(({ remove, chosen }) => remove(whose, chosen))
  const removesOf = (those: typeof owned) =>
    anyOf(those.map(({ list, chosen }) => sql`EXISTS (SELECT 1 FROM (${list(user_id)}) WHERE id IN (${chosen}))`))
  const alwaysAsked = anyOf(methods.flatMap(({ alwaysAsks, ways }) => (alwaysAsks ? [sql`${ways} > 0`] : [])))
  const statements = [
    claim,
    ...(moved ? giveWay(call, sql`lower(${email})`, claimed) : []),
    await mailRow(call, moved ? mails.addressReturned : mails.undone, mine), // before the address changes
    ...events.map((event) => auditRow(call, { event, user_id }, claimed)),
    revokeSessions(call, sql`user_id = ${user_id} AND ${claimed}`),
    auditRow(call, { event: 'factors_removed', user_id }, sql`${claimed} AND ${removesOf(owned)}`),
    // Whoever made codes has them, and whoever added a factor has seen them.
    sql`DELETE FROM recovery_codes WHERE user_id = ${whose} AND (created_at >= ${created_at} OR ${removesOf(owned.filter(isPossession))})`,
    ...removing, // after what depends on them
    ...stopAsking(sql`${mine} AND ${asksSince(created_at, call.now)} AND NOT ${alwaysAsked}`),
    ...askNoMore(call, whose),
    voidOneTime(whose),
    sql`DELETE FROM undos WHERE user_id = ${user_id} AND id >= ${id} AND ${claimed}`,
    sql`UPDATE users SET email = ${email}, hashed_password = NULL, password_set_at = ${call.now}, epoch = epoch + 1
      WHERE ${mine} RETURNING id`,
  ]
  return { statements, removing }
}
