/** docs/mcp.md as it stands: its server in a fresh clone, and the clients of both generations, from the bare URL to a tool call. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v2 from '@modelcontextprotocol/client'
import * as v1Auth from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as V1Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as V1Transport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { words } from '../words.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { json, serve, type Server as Hosts } from './providers/server.ts'
import { PASSWORD, person } from './people.ts'
import {
  accessToken,
  type Credentials,
  freshClone,
  launch,
  ROOT,
  type Service,
  startService,
  temporaryFolder,
} from './service.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'mcp.md'), 'utf8')
const FILES = [...PAGE.matchAll(/^```\w+\n(?:\/\/|--) (\S+)\n([\s\S]*?)^```/gm)]
const COMMAND = /^```sh\n([\s\S]*?)^```$/m.exec(PAGE)![1]!

/** The shortest that there is. */
const TOKEN_SECONDS = 60
const SCOPES = ['notes:read', 'notes:write']
const DOCUMENT = 'https://agent.example/agent.json'

let root: string
let service: Service
let browser: Browser
/** Where the browser comes back to. */
let agent: Server
let callback: string
let client_id: string
/** Where the document of an agent is that nobody registered. */
let hosts: Hosts

beforeAll(async () => {
  if (withoutChromium()) return
  root = temporaryFolder()
  freshClone(root)
  for (const [, path = '', text = ''] of FILES) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  rmSync(join(root, 'src/yours/routes.ts'))
  hosts = await serve()
  hosts.mount('/agent.example', (_, response) =>
    json(response, {
      client_id: DOCUMENT,
      client_name: 'Agent',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  )
  const vars = {
    ACCESS_TOKEN_TTL_SECONDS: String(TOKEN_SECONDS),
    CLIENT_ID_METADATA_DOCUMENTS: 'agent.example',
    TEST_DOCUMENTS_URL: hosts.url,
  }
  service = await startService({ root, persistTo: join(root, '.wrangler', 'state'), vars })
  const running = launch('bash', ['-c', `${COMMAND.trim()} --json`], { cwd: root })
  expect(`${await running.exited} ${running.output()}`).toMatch(/^0 /)
  client_id = (JSON.parse(running.stdout().slice(running.stdout().indexOf('{'))) as { client_id: string }).client_id
  agent = createServer((_, response) =>
    response.setHeader('Content-Type', 'text/html').end('<link rel="icon" href="data:,">'),
  )
  await new Promise<void>((done) => agent.listen(0, '127.0.0.1', done))
  callback = `http://127.0.0.1:${(agent.address() as AddressInfo).port}/callback`
  browser = await launchBrowser()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  agent?.close()
  await hosts?.stop()
  await service?.stop()
  if (root) rmSync(root, { recursive: true, force: true })
})

/** What an agent keeps. It is the same for both generations. */
class Host {
  kept: v2.StoredOAuthTokens | undefined
  asked: URL | undefined
  refreshed = 0
  verifier = ''
  discovered: v2.OAuthDiscoveryState | undefined
  redirectUrl = callback
  clientMetadata = {
    client_name: 'Agent',
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  }
  /** It is registered, or shows its document once it learns that this is known here. */
  client: { client_id: string } | undefined
  clientMetadataUrl = DOCUMENT
  constructor(client?: { client_id: string }) {
    this.client = client
  }
  clientInformation = () => this.client
  saveClientInformation = (client: { client_id: string }) => void (this.client = client)
  tokens = () => this.kept
  saveTokens(tokens: v2.StoredOAuthTokens) {
    if (this.kept && tokens.access_token !== this.kept.access_token) this.refreshed++
    this.kept = tokens
  }
  redirectToAuthorization = (url: URL) => void (this.asked = url)
  saveCodeVerifier = (verifier: string) => void (this.verifier = verifier)
  codeVerifier = () => this.verifier
  saveDiscoveryState = (state: v2.OAuthDiscoveryState) => void (this.discovered = state)
  discoveryState = () => this.discovered
}

type Result = { content: { type: string; text?: string }[] }
type Agent = {
  of: Credentials
  host: Host
  /** When its token was issued. Milliseconds. */
  since: number
  page: Page
  complaints: string[]
  /** Calls a tool. @throws whatever the client throws */
  use: (name: string, args?: Record<string, unknown>) => Promise<string[]>
  /** Gives the client the answer of the browser. */
  finish: (answer: URL) => Promise<void>
  /** Asks for more, as far as the client does not do it by itself. */
  widen: (refused: unknown) => Promise<void>
}

const texts = ({ content }: Result) => content.map(({ text }) => text ?? '')

const GENERATIONS: Record<string, (host: Host) => Pick<Agent, 'use' | 'finish' | 'widen'>> = {
  '@modelcontextprotocol/client 2': (authProvider) => {
    const url = new URL(`${service.url}/mcp`)
    let transport = new v2.StreamableHTTPClientTransport(url, { authProvider })
    let client: v2.Client | undefined
    const connected = async () => {
      if (client) return client
      const fresh = new v2.Client({ name: 'agent', version: '1' }, { versionNegotiation: { mode: 'auto' } })
      await fresh.connect(transport)
      return (client = fresh)
    }
    return {
      use: async (name, args = {}) => texts((await (await connected()).callTool({ name, arguments: args })) as Result),
      finish: async (answer) => {
        await transport.finishAuth(answer.searchParams)
        if (!client) transport = new v2.StreamableHTTPClientTransport(url, { authProvider })
      },
      widen: async () => {},
    }
  },
  '@modelcontextprotocol/sdk 1': (authProvider) => {
    const url = new URL(`${service.url}/mcp`)
    let transport = new V1Transport(url, { authProvider })
    let client: V1Client | undefined
    const connected = async () => {
      if (client) return client
      const fresh = new V1Client({ name: 'agent', version: '1' })
      await fresh.connect(transport as Parameters<V1Client['connect']>[0])
      return (client = fresh)
    }
    return {
      use: async (name, args = {}) => texts((await (await connected()).callTool({ name, arguments: args })) as Result),
      finish: async (answer) => {
        await transport.finishAuth(answer.searchParams.get('code')!)
        if (!client) transport = new V1Transport(url, { authProvider })
      },
      widen: async (refused) => {
        expect(String(refused)).toContain('403') // it refreshed, which cannot widen
        authProvider.kept = undefined
        const scope = SCOPES.join(' ')
        expect(await v1Auth.auth(authProvider, { serverUrl: url, scope })).toBe('REDIRECT')
      },
    }
  },
}

async function started(generation: string, of: Credentials, client?: { client_id: string }): Promise<Agent> {
  const host = new Host(client)
  const [page, complaints] = await openPage(browser)
  page.setDefaultTimeout(30_000)
  return { of, since: 0, host, page, complaints, ...GENERATIONS[generation]!(host) }
}

/** What the person does in the browser that the agent opened. */
async function consent({ of, host, page, finish }: Agent, ...says: string[]): Promise<void> {
  await page.goto(host.asked!.href)
  if (await page.locator('input[name=email]').isVisible()) {
    await page.locator('input[name=email]').fill(of.email)
    await page.locator('input[name=password]').fill(of.password)
    await page.getByRole('button', { name: words.en.signIn, exact: true }).click()
  }
  const allow = page.getByRole('button', { name: words.en.oauth.allow, exact: true })
  const back = page.waitForURL((url) => url.href.startsWith(`${callback}?`))
  await Promise.race([allow.waitFor(), back]) // what was allowed before need not be asked again
  if (await allow.isVisible()) {
    for (const text of says) expect(await page.locator('main').innerText()).toContain(text)
    await allow.click()
  }
  await back
  await finish(new URL(page.url()))
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

const generations = Object.keys(GENERATIONS)

async function signedIn(generation: string, of = service.demo, client?: { client_id: string }): Promise<Agent> {
  const one = await started(generation, of, client)
  expect(await refusal(one.use('list-notes'))).toBeInstanceOf(Error)
  await consent(one, 'read your notes')
  return one
}

/** What the person does over JSON, beside the agent. */
async function ask(of: Credentials, method: string, path: string): Promise<void> {
  const token = await accessToken(service.url, of)
  const answer = await fetch(service.url + path, { method, headers: { Authorization: `Bearer ${token}` } })
  expect([path, answer.ok]).toEqual([path, true])
}

describe.skipIf(withoutChromium())('an agent', () => {
  const agents = new Map<string, Agent>()
  const others: Credentials[] = []

  beforeAll(async () => {
    while (others.length < 2) others.push({ email: await person(service.persistTo), password: PASSWORD })
  })

  it.each(generations)('goes from the bare URL to a tool call, with %s', async (generation) => {
    const one = await signedIn(generation)
    expect(await one.use('list-notes')).toEqual(expect.any(Array))
    expect(one.host.asked!.searchParams.get('client_id')).toBe(DOCUMENT)
    expect(one.host.asked!.searchParams.get('resource')).toBe(`${service.url}/mcp`)
    expect(one.host.asked!.searchParams.get('scope')!.split(' ')).toContain('notes:read')
    expect(one.host.kept!.scope!.split(' ')).not.toContain('notes:write')
    expect(one.complaints).toEqual([])
    agents.set(generation, one)
  })

  it.each(generations)('asks the person for more once a tool needs it, with %s', async (generation) => {
    const one = agents.get(generation)!
    const text = `Buy milk, says ${generation}`
    const refused = await refusal(one.use('add-note', { text }))
    expect(refused).toBeInstanceOf(Error)
    await one.widen(refused)
    await consent(one, 'read your notes', 'write notes for you')
    one.since = Date.now()
    expect(one.host.kept!.scope!.split(' ')).toEqual(expect.arrayContaining(SCOPES))
    expect(await one.use('add-note', { text })).toEqual(['The note is written.'])
    expect(await one.use('list-notes')).toContain(text)
  })

  it.each(generations)('stops within five seconds, with %s', async (generation) => {
    const ways: [string, string][] = [
      ['POST', '/user/logout/everywhere'],
      ['DELETE', `/user/applications/${client_id}`],
    ]
    const ended: Agent[] = []
    for (const of of others) ended.push(await signedIn(generation, of, { client_id }))
    for (const [i, [method, path]] of ways.entries()) await ask(others[i]!, method, path)
    await sleep(5_000)
    for (const { host, use, page } of ended) {
      const headers = { Authorization: `Bearer ${host.kept!.access_token}` }
      const answer = await fetch(`${service.url}/mcp`, { method: 'POST', headers })
      const challenge = expect.stringContaining('error="invalid_token"') as string
      expect([answer.status, answer.headers.get('WWW-Authenticate')]).toEqual([401, challenge])
      expect(await refusal(use('list-notes'))).toBeInstanceOf(Error)
      await page.context().close()
    }
  })

  it.each(generations)('refreshes a token that has expired meanwhile, with %s', async (generation) => {
    const { host, use, since } = agents.get(generation)!
    const before = host.refreshed
    await sleep(Math.max(0, since + (TOKEN_SECONDS + 2) * 1_000 - Date.now()))
    expect(await use('list-notes')).toContain(`Buy milk, says ${generation}`)
    expect(host.refreshed).toBe(before + 1)
    expect(host.kept!.scope!.split(' ')).toEqual(expect.arrayContaining(SCOPES))
  })
})
