import { env } from 'cloudflare:workers'

export type SentMail = { from: string; to: string; subject: string; text: string; html: string }

/** The mails that were passed to the mail binding, the newest last. */
export const mails: SentMail[] = []

/** The token in the newest mail to an address. */
export function mailedToken(to: string): string {
  const mail = mails.findLast((candidate) => candidate.to === to)
  return /\?token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? ''
}

export const mailsTo = (address: string) => mails.filter(({ to }) => to === address)
export const subjectsTo = (address: string) => mailsTo(address).map(({ subject }) => subject.replace(/^Latchkey: /, ''))

/** The kinds of the unsent mails to an address. */
export async function waitingFor(address: string): Promise<string[]> {
  const query = env.DB.prepare('SELECT kind FROM outbox WHERE recipient = ?').bind(address)
  return (await query.all<{ kind: string }>()).results.map(({ kind }) => kind)
}
