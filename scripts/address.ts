import { createServer } from 'node:net'

const FIRST_PORT = 8787

/** Names of this machine. wrangler shows its explorer under no other: the answer there is 403. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]']

type Asked = { ip: string; port: number | undefined; protocol: string }

/** `url` is where the service answers. `publicUrl` is the same, or that of localhost if PUBLIC_URL would have to be https. */
export type Address = { port: number; url: string; publicUrl: string }

/** Where `wrangler dev` will answer. If nobody asked for a port, the first free one is taken. */
export async function addressOf({ ip, port: given, protocol }: Asked): Promise<Address> {
  const isAnywhere = ['*', '::', '0.0.0.0'].includes(ip)
  const port = given ?? (await freePort(FIRST_PORT, isAnywhere ? undefined : ip))
  const host = isAnywhere ? 'localhost' : ip.includes(':') ? `[${ip}]` : ip
  const isLocal = LOCAL_NAMES.includes(host)
  const at = (name: string) => `${protocol}://${name}:${port}`
  return { port, url: at(host), publicUrl: at(isLocal || protocol === 'https' ? host : 'localhost') }
}

type MailSettings = { driver: string | undefined; mailUrl: string | undefined }

/** Where a developer reads the mails that the service at this address sends, and the database. */
export function mailboxAt(url: string, { driver, mailUrl }: MailSettings): { mail: string; database: string } {
  const isShown = LOCAL_NAMES.includes(new URL(url).hostname)
  const explorer = `${url}/cdn-cgi/local/explorer`
  const sending = isShown ? `${explorer}/email/sending` : 'the files that are named here with each mail'
  const byHttp = driver === 'http' || (mailUrl && !driver)
  return {
    mail: driver === 'console' ? 'printed here' : byHttp ? `posted to ${mailUrl}` : sending,
    database: isShown ? explorer : 'not shown at this address: start without --ip',
  }
}

/** Looked for here: if a port is taken, wrangler moves on to the next one by itself, and PUBLIC_URL would be wrong. */
async function freePort(first: number, ip: string | undefined): Promise<number> {
  for (let candidate = first; ; candidate++) {
    const free = await new Promise<boolean>((done) => {
      const server = createServer()
      server.once('error', () => done(false))
      server.listen(candidate, ip, () => server.close(() => done(true)))
    })
    if (free) return candidate
  }
}
