/** Mails as tests read them. */

export type SentMail = { from: string; to: string; subject: string; text: string; html: string }

/** The local explorer of `wrangler dev`, which keeps what a `send_email` binding was given. */
const SENT = '/cdn-cgi/local/explorer/api/local/email/sending'
/** As many as it returns at once. */
const AT_MOST = 100
const WAIT_MS = 10_000

type Kept = Omit<SentMail, 'to'> & { messageId: string; to: string[] }

/** The mails that a service has sent, the newest last. */
export class Mailbox {
  readonly mails: SentMail[] = []

  /** Takes a mail in the place of a `send_email` binding: `{ EMAIL: mailbox }`. */
  readonly send = (mail: SentMail): Promise<{ messageId: string }> => {
    this.mails.push(mail)
    return Promise.resolve({ messageId: String(this.mails.length) })
  }

  /**
   * The newest hundred mails of a service that `npm run dev` runs at this address, once `count` of them went to an address:
   * mails are sent after the answer.
   * @throws Error after ten seconds, and when nobody answers as wrangler does
   */
  static async ofDev(url: string, to = '', count = 0): Promise<Mailbox> {
    for (const end = Date.now() + WAIT_MS; ;) {
      const mailbox = await Mailbox.#read(url)
      if (mailbox.to(to).length >= count) return mailbox
      if (Date.now() > end) throw new Error(`Fewer than ${count} mails went to ${to}.`)
      await new Promise((done) => setTimeout(done, 100))
    }
  }

  static async #read(url: string): Promise<Mailbox> {
    const ask = async <T>(query: Record<string, string>): Promise<T> => {
      const answer = await fetch(new URL(`${SENT}?${new URLSearchParams(query).toString()}`, url))
      if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}.`)
      return ((await answer.json()) as { result: T }).result
    }
    const mailbox = new Mailbox()
    const listed = await ask<Kept[]>({ per_page: String(AT_MOST) })
    for (const { messageId } of listed.toReversed()) {
      const { from, to, subject, text, html } = await ask<Kept>({ email_id: messageId })
      mailbox.mails.push({ from, to: to.join(), subject, text, html })
    }
    return mailbox
  }

  to(address: string): SentMail[] {
    return this.mails.filter(({ to }) => to === address)
  }

  /** The first link with a token in the newest mail to an address, or an empty text. */
  link(to: string): string {
    return this.#find(/https?:\/\/\S+\?token=[\w-]+/, to)
  }

  /** The token of that link, or an empty text. */
  token(to: string): string {
    return this.#find(/(?<=\?token=)[\w-]+/, to)
  }

  /** The code to sign in with from the newest mail to an address, or an empty text. */
  code(to: string): string {
    return this.#find(/^[2-9A-Z]{4}-[2-9A-Z]{4}$/m, to)
  }

  #find(form: RegExp, to: string): string {
    return form.exec(this.to(to).at(-1)?.text ?? '')?.[0] ?? ''
  }
}
