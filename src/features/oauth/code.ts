import * as v from 'valibot'
import type { Call } from '../../core/call.ts'
import { newTicket, readTicket, writeTicket } from '../../core/ticket.ts'
import type { Session } from '../../core/sessions/session.ts'
import type { AuthorizationRequest } from './request.ts'

/** Seconds. A code is redeemed by a program, at once. */
export const CODE_SECONDS = 60

const KIND = 'authorization code'

const content = v.object({
  client_id: v.string(),
  redirect_uri: v.string(),
  scope: v.string(),
  challenge: v.optional(v.string()),
  nonce: v.optional(v.string()),
  resource: v.optional(v.string()),
  user_id: v.number(),
  /** The session of the browser. */
  parent_id: v.string(),
})

/**
 * What a code stands for. `id` is also the id of the session that it starts, so that a second use can end it. `at`: when it
 * was made; `until`: how long a second use is noticed (seconds).
 */
export type Code = v.InferOutput<typeof content> & { id: string; at: number; until: number }

/** A code for a signed-in user. @throws Problem 503 `not_ready` */
export function newCode(call: Call, request: AuthorizationRequest, session: Session): Promise<string> {
  const data = { ...request, user_id: session.user_id, parent_id: session.id }
  return writeTicket(call, KIND, newTicket(call, { data: JSON.stringify(v.parse(content, data)) }))
}

/** What a code stands for, even if it is no longer good. Undefined if it was not made here, or is older than a ticket. */
export async function readCode(call: Call, text: string): Promise<Code | undefined> {
  const ticket = await readTicket(call, KIND, text).catch(() => undefined)
  if (!ticket) return undefined
  const { id, at, until, data = '' } = ticket
  return { ...v.parse(content, JSON.parse(data)), id, at, until }
}
