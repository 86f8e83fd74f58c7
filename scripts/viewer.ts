/**
 * The contract, to be tried while `npm run dev` runs: Swagger UI from node_modules, on a port of its own. Its script is not
 * ours, so it never runs on the origin of the service, and the requests that it sends carry no cookie.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, request as ask, type Server, type ServerResponse } from 'node:http'
import { request as askSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ROOT } from './local.ts'

const PACKAGE = join(ROOT, 'node_modules', 'swagger-ui-dist')

/** Loopback, by another name than the service usually has: browsers do not separate cookies by port. */
const HOST = '127.0.0.1'

/** Ports from that of the service to the usual one of the viewer. */
const DISTANCE = 100

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Latchkey: try the contract</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/viewer/swagger-ui.css">
<div id="viewer"></div>
<script src="/viewer/swagger-ui-bundle.js"></script>
<script src="/viewer/start.js"></script>
</html>
`

/** The document names the service. Requests to it go through this server, so the service needs no ALLOWED_ORIGINS. */
const START = `const here = (address) => {
  const { pathname, search } = new URL(address, location.href)
  return location.origin + pathname + search
}
const viewer = SwaggerUIBundle({
  url: '/viewer/openapi.json',
  dom_id: '#viewer',
  docExpansion: 'list',
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  showMutatedRequest: false,
  requestInterceptor: (request) => ({ ...request, url: here(request.url) }),
  responseInterceptor: (answer) => {
    if (answer.ok && answer.body?.access_token) viewer.preauthorizeApiKey('accessToken', answer.body.access_token)
    return answer
  },
})
`

/** Nothing from elsewhere, and no request to elsewhere. Swagger UI writes styles into its elements. */
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

/** What makes a browser's request different from a program's. */
const BROWSERS = /^(?:cookie|origin|referer|sec-.*)$/

/** Starts the viewer of a service, and returns its address. It ends with this process. */
export async function startViewer(service: string): Promise<string> {
  const server = createServer((request, response) => {
    try {
      answer(request, response)
    } catch (error) {
      response.writeHead(500).end(String(error)) // such as a document that is being written
    }
  })
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { host = '', 'sec-fetch-site': site } = request.headers
    // Another site could use the name of its own host (DNS rebinding), or send forms here.
    const isOurs = host === new URL(address()).host && [undefined, 'none', 'same-origin'].includes(site as undefined)
    if (!isOurs || !request.url?.startsWith('/')) return void response.writeHead(403).end()
    const file = fileAt(request.url, service)
    if (!file) return passOn(service + request.url, request, response)
    const headers = { 'Content-Type': file.type, 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' }
    response.writeHead(200, headers).end(file.text)
  }
  const address = () => `http://${HOST}:${(server.address() as AddressInfo).port}`
  const usual = Number(new URL(service).port) + DISTANCE
  await listen(server, usual).catch(() => listen(server, 0))
  return address()
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((done, failed) => {
    server.once('error', failed)
    server.listen(port, HOST, () => done(void server.removeListener('error', failed)))
  })

function fileAt(url: string, service: string): { type: string; text: string | Buffer } | undefined {
  if (url === '/') return { type: 'text/html', text: PAGE }
  if (url === '/viewer/start.js') return { type: 'text/javascript', text: START }
  if (url === '/viewer/openapi.json') return { type: 'application/json', text: contractOf(service) }
  const name = /^\/viewer\/(swagger-ui(?:-bundle)?\.(js|css))$/.exec(url)
  if (!name) return undefined
  return { type: name[2] === 'css' ? 'text/css' : 'text/javascript', text: readFileSync(join(PACKAGE, name[1]!)) }
}

/** As it is now, and naming the service that runs here. */
function contractOf(service: string): string {
  const document = JSON.parse(readFileSync(join(ROOT, 'public', 'openapi.json'), 'utf8')) as object
  return JSON.stringify({ ...document, servers: [{ url: service, description: 'The service that runs here.' }] })
}

/** Passes a request on as a program would send it: cookies stay here. */
function passOn(to: string, request: IncomingMessage, response: ServerResponse): void {
  const headers = Object.entries(request.headers).filter(([name]) => name !== 'host' && !BROWSERS.test(name))
  const { method } = request
  const options = { method, headers: Object.fromEntries(headers), rejectUnauthorized: false } // wrangler's certificate
  const onAnswer = (answer: IncomingMessage) => {
    const { 'set-cookie': _, ...rest } = answer.headers
    response.writeHead(answer.statusCode ?? 502, rest)
    answer.pipe(response)
  }
  const asked = to.startsWith('https:') ? askSecurely(to, options, onAnswer) : ask(to, options, onAnswer)
  asked.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()))
  request.pipe(asked)
}
