/** Mailed codes, as JSON requests and as people read them. */
import { mailbox, mails } from './mailbox.ts'
import { call } from './requests.ts'

export type Begun = { ticket: string; expires_in: number }

export const askCode = (email: unknown, more: object = {}, headers: HeadersInit = {}) =>
  call('POST', '/user/login/code', { json: { email, ...more }, headers })

export const enterCode = (ticket: unknown, code: unknown, headers: HeadersInit = {}) =>
  call('POST', '/user/login/code/verify', { json: { ticket, code }, headers })

/** The code in the newest mail to an address, as it is written there; empty if there is none. */
export const mailedCode = (to: string): string => mailbox.code(to)

/** The path of the link in the newest mail to an address. */
export const mailedCodeLink = (to: string): string =>
  /https:\/\/login\.example(\/login\/code\/verify\?token=[\w-]+)/.exec(
    mails.findLast((mail) => mail.to === to)?.text ?? '',
  )?.[1] ?? ''

/** Asks for a code: the ticket, and the code from the mail. */
export async function codeFor(email: string): Promise<{ ticket: string; code: string }> {
  const { ticket } = await (await askCode(email)).json<Begun>()
  return { ticket, code: mailedCode(email) }
}

/** A code that differs from this one in its last character. */
export const otherThan = (code: string): string => code.slice(0, -1) + (code.endsWith('2') ? '3' : '2')
