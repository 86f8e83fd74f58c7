import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A provider that is played: where it is, and what answers there. */
export type Played = {
  url: string
  /** `request.url` begins after the path of `url`. */
  handle: RequestListener
  /** Tells it where it may send people back to. */
  register: (callback: string) => void
}

export type Server = {
  url: string
  /** Method and path of every request so far. */
  requests: string[]
  /** Answers below a path. */
  mount: (path: string, handle: RequestListener) => void
  stop: () => Promise<void>
}

/** A server on loopback. Its host is not the service's `localhost`, so that browsers treat the two as different sites. */
export async function serve(): Promise<Server> {
  const mounted: [path: string, handle: RequestListener][] = []
  const requests: string[] = []
  const server = createServer((request, response) => {
    const { url = '/' } = request
    requests.push(`${request.method} ${url.split('?')[0]}`)
    const [path = '', handle] = mounted.find(([path]) => url.startsWith(`${path}/`)) ?? []
    if (!handle) return void response.writeHead(404).end()
    handle(Object.assign(request, { originalUrl: url, baseUrl: path, url: url.slice(path.length) }), response)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stop = () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    })
  return { url, requests, mount: (path, handle) => void mounted.push([path, handle]), stop }
}

export async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  let body = ''
  for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
  return new URLSearchParams(body)
}

export const json = (response: ServerResponse, body: unknown, status = 200): void =>
  void response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))

export const redirect = (response: ServerResponse, to: string, fields: Record<string, string>): void => {
  const url = new URL(to)
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  response.writeHead(302, { Location: url.href }).end()
}

/** The page on which a person signs in at the provider, or turns back. Its form comes back to the same address. */
export const signInPage = (response: ServerResponse, name: string, status = 200): void =>
  void response.writeHead(status, { 'Content-Type': 'text/html; charset=utf-8' }).end(`<!doctype html>
<title>${name}</title>
<h1>${name}</h1>
<form method="post">
  <label>Login <input name="login" autofocus></label>
  <button name="do" value="continue">Continue</button>
  <button name="do" value="cancel">Cancel</button>
</form>`)
