import { env } from 'cloudflare:workers'
import { Mailbox, type SentMail } from '../../src/testing/mailbox.ts'

export type { SentMail }

/** What was passed to the mail binding. */
export const mailbox = new Mailbox()
export const { mails } = mailbox

/** The token in the newest mail to an address. */
export const mailedToken = (to: string): string => mailbox.token(to)
export const mailsTo = (address: string): SentMail[] => mailbox.to(address)
export const subjectsTo = (address: string) => mailsTo(address).map(({ subject }) => subject.replace(/^Latchkey: /, ''))

/** The kinds of the unsent mails to an address. */
export async function waitingFor(address: string): Promise<string[]> {
  const query = env.DB.prepare('SELECT kind FROM outbox WHERE recipient = ?').bind(address)
  return (await query.all<{ kind: string }>()).results.map(({ kind }) => kind)
}
