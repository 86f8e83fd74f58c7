import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type Mail = { to: string; subject: string; text: string }

export type Mailbox = {
  /** For `MAIL_URL`. Whoever opens it in a browser reads `arrived`. */
  url: string
  /** The path of the link in the newest mail to an address, once there are so many. */
  link: (to: string, count?: number) => Promise<string>
  stop: () => void
}

/** Takes the mails that a service sends by HTTP. */
export async function openMailbox(): Promise<Mailbox> {
  const mails: Mail[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      if (request.method === 'POST') mails.push(JSON.parse(body) as Mail)
      response.end('arrived')
    })
  })
  await new Promise<void>((done) => server.listen(0, 'localhost', done))
  const link = async (to: string, count = 1) => {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(50)) {
      const own = mails.filter((mail) => mail.to === to)
      const found = own.length >= count && /https?:\/\/[^/\s]+(\/\S+\?token=[\w-]+)/.exec(own.at(-1)!.text)?.[1]
      if (found) return found
    }
    throw new Error(`No mail number ${count} with a link came to ${to}.`)
  }
  const url = `http://localhost:${(server.address() as AddressInfo).port}/`
  return { url, link, stop: () => server.close() }
}
