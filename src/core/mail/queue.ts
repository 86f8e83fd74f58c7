import { type Sql, sql } from '../../lib/sql.ts'
import type { Language } from '../../lib/language.ts'
import { CLAIM_SECONDS, isWanted } from '../events/delivery.ts'
import type { Queue, Waiting } from '../events/queue.ts'

export type OutboxRow = Waiting & {
  /** The `kind` of a `Mail`, if this version still has it. */
  kind: string
  recipient: string
  /** For whoever has no account, or an account that no language is known of. */
  language: Language
  /** The account's language as it is now. */
  account_language: Language | null
  sealed_token: string | null
  created_at: number
  /** NULL in mails without details, and in rows from before there were any. */
  details: string | null
  link_hash: string | null
  /** NULL if the link is void or its hash is not known. */
  link_expires_at: number | null
}

/** After a day nobody waits for a notice any more. A link expires sooner. */
export const OUTBOX: Queue = {
  table: sql`outbox`,
  since: sql`created_at`,
  patience: 86_400,
  givenUp: 'mail_given_up',
  inFront: sql`attempts = attempts - 1, network_turn = 0, domain_turn = 0`,
}

/** Rows that one statement puts in line, which takes up to 0.1 s. If more are due, the oldest come first. */
const LINED_UP_AT_ONCE = 5_000

/** The mails that this request has just written, up to `size`. They go before mails that have waited longer. */
export const claimOwn = (request_id: string, size: number, now: number): Sql =>
  claim(sql`SELECT id FROM outbox WHERE request_id = ${request_id} AND attempts = 0 LIMIT ${size}`, now)

/**
 * The mails that are due, in a fair order. First attempts come before retries. Each network gets its first mail sent
 * before any network gets its second, and the same holds for each recipient domain. So a network that requests
 * thousands delays only itself.
 */
export const claimDue = (size: number, now: number): Sql[] => [
  lineUp(now),
  claim(
    sql`SELECT id FROM outbox WHERE network_turn IS NOT NULL AND +due_at <= ${now}
      ORDER BY attempts > 0, network_turn, domain_turn, due_at LIMIT ${size}`,
    now,
  ),
]

/**
 * Assigns turns to due mails: their places behind the mails of the same network, and behind those to the same domain,
 * that are already in line. A mail from an unknown network counts as a network of its own.
 */
const lineUp = (now: number): Sql =>
  sql`UPDATE outbox SET network_turn = line.network_turn, domain_turn = line.domain_turn
    FROM (SELECT id,
      row_number() OVER (PARTITION BY coalesce(network, id) ORDER BY due_at) + coalesce((SELECT max(network_turn)
        FROM outbox AS ahead WHERE ahead.network = due.network AND network_turn IS NOT NULL), 0) AS network_turn,
      row_number() OVER (PARTITION BY domain ORDER BY due_at) + coalesce((SELECT max(domain_turn)
        FROM outbox AS ahead WHERE ahead.domain = due.domain AND network_turn IS NOT NULL), 0) AS domain_turn
      FROM (SELECT id, network, domain, due_at FROM outbox
        WHERE network_turn IS NULL AND due_at <= ${now} AND ${isWanted(OUTBOX, now)}
        ORDER BY due_at LIMIT ${LINED_UP_AT_ONCE}) AS due) AS line
    WHERE outbox.id = line.id`

const claim = (chosen: Sql, now: number): Sql =>
  sql`UPDATE outbox SET attempts = attempts + 1, due_at = ${now + CLAIM_SECONDS}, network_turn = NULL, domain_turn = NULL
    WHERE id IN (${chosen})
    RETURNING *, coalesce((SELECT expires_at FROM one_time_tokens WHERE hash = link_hash),
        (SELECT expires_at FROM invitations WHERE hash = link_hash)) AS link_expires_at,
      (SELECT language FROM users WHERE users.id = user_id) AS account_language`
