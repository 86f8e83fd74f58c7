import type { Config } from '../../config.ts'
import { newTicket, readTicket, type Ticket, writeTicket } from '../../core/ticket.ts'
import { formTarget } from './redirect-uri.ts'
import { Refusal } from './refusal.ts'
import type { AuthorizationRequest } from './request.ts'

/** The page to which sign-in, confirmation and consent return. Nothing but the handle tells what was asked for. */
export const CONTINUE = '/oauth/continue'

/** The paths of that page. */
export const CONTINUES = /^\/oauth\/continue\/(lkt_[\w-]+)$/

const KIND = 'authorization'
/** Characters. A longer address might not pass whatever is between a browser and us. */
const MAX_LENGTH = 8_000

type Moment = { settings: Config; now: number }

/** A checked request, and the ticket that carries it: when it was made, and until when it can be answered. */
export type Pending = { request: AuthorizationRequest; ticket: Ticket }

/** The path at which a checked request goes on, for ten minutes. @throws Refusal, Problem 503 `not_ready` */
export async function continueAt(call: Moment, request: AuthorizationRequest, ticket?: Ticket): Promise<string> {
  const data = JSON.stringify(request)
  const handle = await writeTicket(call, KIND, ticket ? { ...ticket, data } : newTicket(call, { data }))
  if (handle.length > MAX_LENGTH) throw new Refusal('invalid_request', 'The request is too long.')
  return `${CONTINUE}/${handle}`
}

/** The request that a handle carries. @throws Problem 401 `invalid_ticket` */
export async function pendingRequest(call: Moment, handle: string): Promise<Pending> {
  const ticket = await readTicket(call, KIND, handle)
  return { request: JSON.parse(ticket.data!) as AuthorizationRequest, ticket }
}

/** Where a page of this feature finally sends the user, for `form-action`. */
export async function onward(call: Moment, path: string): Promise<string | undefined> {
  const handle = CONTINUES.exec(path)?.[1]
  const pending = handle === undefined ? undefined : await pendingRequest(call, handle).catch(() => undefined)
  return pending && formTarget(pending.request.redirect_uri)
}
