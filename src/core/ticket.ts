import * as v from 'valibot'
import { randomId, utf8 } from '../lib/bytes.ts'
import { parseJson } from '../lib/json.ts'
import { Problem } from '../problem.ts'
import type { Config } from '../config.ts'
import { readName, signName } from './keys/signed-names.ts'
import { subkeys } from './keys/subkeys.ts'
import type { Single } from './proof.ts'

/** Seconds from the first step of a sign-in to its last. No step extends it. */
export const TICKET_SECONDS = 600

/** The state between two steps of a sign-in. The client returns it to continue. It contains no secret. */
const content = v.object({
  id: v.string(),
  /** What else is used up with this ticket: the earlier tickets of the sign-in, so that it ends in one session at most. */
  spends: v.array(v.object({ id: v.string(), until: v.number() })),
  /** The user, once known, and their epoch at the time of the proof. */
  user: v.optional(v.object({ id: v.number(), epoch: v.number() })),
  /** The names of the methods that were used. */
  methods: v.array(v.string()),
  /** Seconds. */
  at: v.number(),
  until: v.number(),
  /** The device token of the device that began the sign-in. */
  device_token: v.optional(v.string()),
  /** What the method needs for its next step, such as a challenge or the hash of a code. */
  data: v.optional(v.string()),
})
export type Ticket = v.InferOutput<typeof content>

/** The part of a call that tickets need. */
type Moment = { settings: Config; now: number }

const form = (kind: string) => ({ prefix: 'lkt_', context: `ticket ${kind}` }) as const

/** A ticket for a sign-in that begins now. */
export const newTicket = ({ now }: Moment, more: Partial<Ticket> = {}): Ticket => ({
  id: randomId(),
  spends: [],
  methods: [],
  at: now,
  until: now + TICKET_SECONDS,
  ...more,
})

/** The next ticket of the same sign-in. It keeps the expiry, and is void once the sign-in is complete. */
export const nextTicket = (ticket: Ticket, more: Partial<Ticket> = {}): Ticket => ({
  ...ticket,
  id: randomId(),
  spends: singlesOf(ticket),
  ...more,
})

/** Everything that is used up when a change relies on this ticket. */
export const singlesOf = ({ id, until, spends }: Ticket): Single[] => [...spends, { id, until }]

/**
 * The text of a ticket, valid for one kind of step. The key is derived from `LATCHKEY_SECRET` only. If it were derived
 * from a key that other services verify tokens with, they could forge tickets.
 * @throws Problem 503 `not_ready` without that secret
 */
export async function writeTicket({ settings }: Moment, kind: string, ticket: Ticket): Promise<string> {
  if (settings.LATCHKEY_SECRET === undefined) {
    throw new Problem('not_ready', { errors: [{ field: 'LATCHKEY_SECRET', code: 'missing' }] })
  }
  const [key] = await subkeys(settings, 'ticket')
  return signName(form(kind), utf8(JSON.stringify(ticket)), key)
}

/**
 * The ticket in a text, if this service made it, for this kind of step, and it has not expired. The previous secret
 * does not count: other services may know it.
 * @throws Problem 401 `invalid_ticket`
 */
export async function readTicket({ settings, now }: Moment, kind: string, text: string): Promise<Ticket> {
  const isPossible = settings.LATCHKEY_SECRET !== undefined && text.length <= TICKET_MAX_LENGTH
  const [key] = await subkeys(settings, 'ticket')
  const name = isPossible ? await readName(form(kind), text, [key]) : undefined
  const ticket = name && v.safeParse(content, parseJson(name)) // one of another version may lack something
  if (!ticket?.success || ticket.output.until <= now) throw new Problem('invalid_ticket')
  return ticket.output
}

/** Characters. The largest ticket contains the authorization request of an application. */
const TICKET_MAX_LENGTH = 8_192
