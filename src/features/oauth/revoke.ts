import type { Call } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { readRefreshToken } from '../../core/sessions/refresh-tokens.ts'
import { clientTokenIn } from '../../core/tokens/client-token.ts'
import { commit, endRecorded } from '../../core/sessions/sessions.ts'
import { sql } from '../../lib/sql.ts'

/**
 * Ends the session of a token, if it is one of the client's: its refresh token, or its access token, which has no end of
 * its own (RFC 7009 section 2.1). Any other text changes nothing, and is answered alike.
 * @throws Problem 503 `unavailable`
 */
export async function revokeToken(call: Call, client: Client, token: string): Promise<void> {
  const named = await readRefreshToken(token, call.settings)
  const id = named?.session_id ?? (await clientTokenIn(call, token))?.sid
  if (id === undefined) return
  const own = sql`id = ${id} AND client_id = ${client.id}`
  const user_id = sql`(SELECT user_id FROM sessions WHERE ${own})`
  const event = { event: 'client_session_ended', user_id, session_id: id, client_id: client.id } as const
  await commit(call.env.DB, endRecorded(call, event, own))
}
