import type { Context } from 'hono'
import { readTicket, type Ticket } from '../../core/ticket.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { dropCookie, keepCookie, ownCookies } from '../../http/cookie.ts'
import type { PageContext } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { CODE_TICKET } from './ask.ts'

/**
 * The ticket of the code that this browser asked for. No script and no other browser has it, so neither does anybody who
 * reads the mail elsewhere.
 */
const CODE_COOKIE = 'latchkey-code'

export const keepTicket = (c: Context<AppEnv>, begun: { ticket: string; expires_in: number }): void =>
  keepCookie(c, CODE_COOKIE, begun.ticket, begun.expires_in)

export const dropTicket = (c: Context<AppEnv>): void => dropCookie(c, CODE_COOKIE)

/** The ticket in the cookie, if it has not expired. */
export async function keptTicket(c: PageContext): Promise<Ticket | undefined> {
  for (const text of ownCookies(c, CODE_COOKIE)) {
    try {
      return await readTicket(callOf(c), CODE_TICKET, text)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
  }
  return undefined
}
