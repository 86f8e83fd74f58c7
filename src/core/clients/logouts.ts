import type { Config } from '../../config.ts'
import { randomId } from '../../lib/bytes.ts'
import { sql } from '../../lib/sql.ts'
import { claimOldest, CRON, drain, logFailure, type Pass } from '../events/delivery.ts'
import type { Delivery, Outcome, Queue, Waiting } from '../events/queue.ts'
import { signJwt } from '../keys/signing.ts'
import { IAT_BACK_SECONDS } from '../tokens/tokens.ts'
import { isBackchannelUri } from './registration.ts'

/** An ended session of a client (OpenID Connect Back-Channel Logout 1.0), which a trigger put here. */
type LogoutRow = Waiting & { client_id: string; user_id: number; told: string }
type Told = { uri: string | null; alg: 'RS256' | 'ES256' }

/** A client may be away for a weekend. */
export const LOGOUT_OUTBOX: Queue = {
  table: sql`logout_outbox`,
  since: sql`at`,
  patience: 3 * 86_400,
  givenUp: 'logout_given_up',
}

/** Logouts told at the same time, for the same reason as events. */
const AT_ONCE = 2
/** Milliseconds. A client only has to note that a session ended. */
const LOGOUT_DEADLINE_MS = 5_000
/** Seconds for which a logout token is good: two minutes, as the specification recommends. Each attempt has a new one. */
const TOKEN_SECONDS = 120

const TOLD = sql`(SELECT json_object('uri', backchannel_logout_uri, 'alg', id_token_alg) FROM clients
  WHERE clients.id = client_id) AS told`

/**
 * Tells clients of ended sessions, at the address that the operator registered. A client that does not answer is not asked
 * again in the same pass, so it holds up no other.
 * @throws Problem `unavailable`
 */
export async function deliverLogouts(env: Env, config: Config, now: number, pass: Pass = CRON): Promise<void> {
  if (config.SIGNING_KEYS === undefined || config.PUBLIC_URL === undefined) return
  const away = new Set<string>()
  const delivery: Delivery<LogoutRow> = {
    ...LOGOUT_OUTBOX,
    atOnce: AT_ONCE,
    claim: (size, now) => [claimOldest(LOGOUT_OUTBOX, size, now, TOLD)],
    deliver: async (row, now) => {
      if (away.has(row.client_id)) return 'later'
      const outcome = await deliver(row, config, now)
      if (outcome === 'later') away.add(row.client_id)
      return outcome
    },
    isOver: () => false,
  }
  await drain(env.DB, delivery, pass, now)
}

async function deliver(row: LogoutRow, config: Config, now: number): Promise<Outcome> {
  const { uri, alg } = JSON.parse(row.told) as Told
  if (uri === null) return 'done' // the address was removed: nobody is to be told any more
  try {
    if (!isBackchannelUri(uri)) throw new Error('the address is neither https nor on this machine')
    const answer = await fetch(uri, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: await logoutToken(row, alg, config, now) }),
      redirect: 'manual', // the token is for this address and no other
      signal: AbortSignal.timeout(LOGOUT_DEADLINE_MS),
    })
    await answer.body?.cancel()
    if (answer.ok) return 'done'
    logFailure('logout_not_told', row, `the client answered ${answer.status}`)
  } catch (error) {
    logFailure('logout_not_told', row, error)
  }
  return 'later'
}

/**
 * Section 2.4. It has no `nonce`, so it is no id token. `typ` says `logout+jwt`, which libraries of before 2024 may refuse;
 * but a plain `JWT` under the same key could be taken for an id token by those that do not look for the nonce.
 */
const logoutToken = (
  { id: sid, user_id, client_id: aud }: LogoutRow,
  alg: Told['alg'],
  config: Config,
  now: number,
): Promise<string> =>
  signJwt(
    config,
    { alg, typ: 'logout+jwt' },
    {
      aud,
      sub: String(user_id),
      sid,
      iat: now - IAT_BACK_SECONDS,
      exp: now + TOKEN_SECONDS,
      jti: randomId(),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    },
  )
