import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Mailbox as SentMails, type SentMail } from '../../src/testing/mailbox.ts'

export type Mailbox = {
  /** To whom mails were taken, the newest last. */
  arrived: () => string[]
  /** For `MAIL_URL`. Whoever opens it in a browser reads `arrived`. */
  url: string
  /** The path of the link in the newest mail to an address, once there are so many. */
  link: (to: string, count?: number) => Promise<string>
  /** The code in the newest mail to an address, once there are so many. */
  code: (to: string, count?: number) => Promise<string>
  stop: () => void
}

/** Takes the mails that a service sends by HTTP, but for those that are answered another status than 200. */
export async function openMailbox(statusFor: (to: string) => number = () => 200): Promise<Mailbox> {
  const sent = new SentMails()
  const { mails } = sent
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      if (request.method !== 'POST') return void response.end('arrived')
      const mail = JSON.parse(body) as SentMail
      const status = statusFor(mail.to)
      if (status !== 200) return void response.writeHead(status).end()
      mails.push(mail)
      response.end('arrived')
    })
  })
  await new Promise<void>((done) => server.listen(0, 'localhost', done))
  const find = async (read: () => string, to: string, count = 1) => {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(50)) {
      const found = sent.to(to).length >= count && read()
      if (found) return found
    }
    throw new Error(`No mail number ${count} with what is looked for came to ${to}.`)
  }
  const link = (to: string, count?: number) => find(() => sent.link(to).replace(/^https?:\/\/[^/]+/, ''), to, count)
  const code = (to: string, count?: number) => find(() => sent.code(to), to, count)
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  const arrived = () => mails.map(({ to }) => to)
  return { arrived, url, link, code, stop: () => server.close() }
}
