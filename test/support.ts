import {
  applyD1Migrations,
  createExecutionContext,
  reset,
  runInDurableObject,
  waitOnExecutionContext,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { beforeAll, expect, onTestFinished, vi } from 'vitest'
import { knownTo } from '../src/doorkeeper/ask.ts'
import type { Doorkeeper } from '../src/doorkeeper/doorkeeper.ts'
import type { State } from '../src/doorkeeper/state.ts'
import { base64url, utf8 } from '../src/lib/bytes.ts'
import worker from '../src/index.ts'
import { now } from '../src/lib/time.ts'

export const ORIGIN = 'http://latchkey.test'
export const PASSWORD = 'a password of somebody'

/** An empty, migrated database for the file that calls it. */
export function freshDatabase(): void {
  beforeAll(async () => {
    await reset()
    await applyD1Migrations(env.DB, env.TEST_MIGRATIONS)
  })
}

/** A request to the real Worker, as a stranger makes it. */
export function call(method: string, path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
  const { json, ...rest } = init
  const headers = new Headers(rest.headers)
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  const body = json === undefined ? rest.body : JSON.stringify(json)
  return callWith(ENV, ORIGIN + path, { redirect: 'manual', ...rest, method, headers, body: body ?? null })
}

type SentMail = { from: string; to: string; subject: string; text: string; html: string }

/** What was handed to the mail binding, the newest last. */
export const mails: SentMail[] = []

/** The bindings of the tests, with a mailbox that can be read where the platform's own cannot. */
export const ENV: Env = {
  ...env,
  EMAIL: {
    send: (mail: SentMail) => {
      mails.push(mail)
      return Promise.resolve({ messageId: String(mails.length) })
    },
  } as unknown as SendEmail,
}

/** The same database as another isolate has it: it knows nothing of what was revoked here. */
export const anotherIsolate = (): Env => ({ ...ENV, DB: new Proxy(env.DB, methodsOf) })

/** Native methods refuse a proxy as their `this`. */
const methodsOf: ProxyHandler<D1Database> = {
  get(target, name) {
    const value: unknown = Reflect.get(target, name)
    return typeof value === 'function' ? (value.bind(target) as unknown) : value
  },
}

/**
 * A request to the Worker in an environment of its own; returns when its work after the answer is done, too.
 * @throws Error when the answer is not in the contract
 */
export async function callWith(own: Env, url: string, init: RequestInit = {}): Promise<Response> {
  const ctx = createExecutionContext()
  const answer = await worker.fetch(new Request(url, init) as Request<unknown, IncomingRequestCfProperties>, own, ctx)
  await waitOnExecutionContext(ctx)
  await holdAgainstContract(init.method ?? 'GET', url, answer.clone() as Response)
  return answer
}

/** Answers that were good, but for what is of one request: thousands of refusals are alike. */
const good = new Set<string>()

async function holdAgainstContract(method: string, url: string, answer: Response): Promise<void> {
  const path = new URL(url).pathname
  const { status, headers } = answer
  const body = (await answer.text()).replace(/"request_id":"[0-9a-f-]{36}"/, '"request_id":""')
  const exchange = JSON.stringify({ method, path, status, type: headers.get('Content-Type'), body })
  if (good.has(exchange)) return
  const verdict = await env.CONTRACT.fetch('http://contract', { method: 'POST', body: exchange })
  const wrong = await verdict.text()
  if (wrong !== '') throw new Error(`${method} ${path} answered what public/openapi.json does not say: ${wrong}`)
  good.add(exchange)
}

/** The token in the newest mail to an address. */
export function mailedToken(to: string): string {
  const mail = mails.findLast((candidate) => candidate.to === to)
  return /\?token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? ''
}

export const bearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

let serial = 0

type Row = {
  email?: string
  hashed_password?: string | null
  password_set_at?: number
  disabled_at?: number
  email_verified?: number
}

/** A user of its own for a test. Cost 10, unless a hash is given. */
export async function insertUser(row: Row = {}): Promise<{ id: number; email: string }> {
  const email = row.email ?? `user${++serial}@example.com`
  const hash = row.hashed_password === undefined ? await bcrypt.hash(PASSWORD, 10) : row.hashed_password
  const columns = { ...row, email, hashed_password: hash }
  const names = Object.keys(columns)
  const id = await env.DB.prepare(
    `INSERT INTO users (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')}) RETURNING id`,
  )
    .bind(...Object.values(columns))
    .first<number>('id')
  return { id: id!, email }
}

export const login = (email: string, password = PASSWORD) => call('POST', '/user/login', { json: { email, password } })

/** A user who has signed in, and the token. */
export async function signedIn(): Promise<{ id: number; email: string; token: string }> {
  const user = await insertUser()
  const answer = await login(user.email)
  expect(answer.status).toBe(200)
  const { access_token: token } = await answer.json<{ access_token: string }>()
  return { ...user, token }
}

export type Claims = Record<string, unknown>

export function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.')
  return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as Claims
}

type Forgery = { header?: unknown; payload: unknown; secret?: string; hash?: string }

/** Signs anything: header and payload may be an object or raw text. Written without hono/jwt, which is under test. */
export async function forge({
  header,
  payload,
  secret = env.JWT_SECRET_KEY,
  hash = 'SHA-256',
}: Forgery): Promise<string> {
  const part = (value: unknown) => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)))
  const text = `${part(header ?? { alg: 'HS256', typ: 'JWT' })}.${part(payload)}`
  const key = await crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash }, false, ['sign'])
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))))}`
}

/** The answer is a problem of this status and code, and shows nothing that it should not. */
export async function expectProblem(answer: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const text = await answer.text()
  expect({ status: answer.status, text }).toMatchObject({ status, text: expect.stringContaining(`"code":"${code}"`) })
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  expect(text).not.toMatch(/\$2[aby]\$|D1_ERROR|SELECT|at \w+ \(|node_modules/)
  const document = JSON.parse(text) as Record<string, unknown>
  expect(document).toMatchObject({ type: `urn:latchkey:problem:${code}`, status, code, title: expect.any(String) })
  expect(document.request_id).toBe(answer.headers.get('X-Request-Id'))
  return document
}

export { now }

/** One call of D1: the statements that went with it, and how many rows D1 says it read and wrote for them. */
type Asking = { texts: string[]; rows_read: number; rows_written: number }

export type Isolate = {
  env: Env
  calls: Asking[]
  /** Runs before a call reaches D1: what it throws is D1's failure, what it never resolves is D1's silence. */
  before: (texts: string[]) => Promise<unknown> | void
  /** Runs when D1 has done its part: what it throws is an answer that was lost on the way. */
  after: (texts: string[]) => Promise<unknown> | void
}

/** An isolate of its own on the same database, with settings of its own, that counts and can break its calls of D1. */
export function watchedIsolate(settings: Record<string, string | undefined> = {}): Isolate {
  const statements = new WeakMap<object, { native: D1PreparedStatement; text: string }>()
  const ask = async <T>(asked: string[], reach: () => Promise<T>): Promise<T> => {
    const asking: Asking = { texts: asked, rows_read: 0, rows_written: 0 }
    isolate.calls.push(asking)
    await isolate.before(asked)
    const result = await reach()
    for (const one of [result].flat() as ({ meta?: { rows_read?: number; rows_written?: number } } | null)[]) {
      asking.rows_read += one?.meta?.rows_read ?? 0
      asking.rows_written += one?.meta?.rows_written ?? 0
    }
    await isolate.after(asked)
    return result
  }
  const statement = (text: string, native: D1PreparedStatement): D1PreparedStatement => {
    const watched = new Proxy(native, {
      get(target, name) {
        if (name === 'bind') return (...params: unknown[]) => statement(text, target.bind(...params))
        // `first` says nothing of what it cost.
        if (name === 'first') return async () => (await ask([text], () => target.all())).results[0] ?? null
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...args: unknown[]) => ask([text], () => method.apply(target, args) as Promise<unknown>)
      },
    })
    statements.set(watched, { native, text })
    return watched
  }
  const DB = new Proxy(env.DB, {
    get(target, name, receiver) {
      if (name === 'prepare') return (text: string) => statement(text, target.prepare(text))
      if (name !== 'batch') return methodsOf.get!(target, name, receiver) as unknown
      return (list: D1PreparedStatement[]) => {
        const known = list.map((one) => statements.get(one)!)
        return ask(
          known.map(({ text }) => text),
          () => target.batch(known.map(({ native }) => native)),
        )
      }
    },
  })
  const isolate: Isolate = { env: { ...ENV, ...settings, DB } as Env, calls: [], before: () => {}, after: () => {} }
  return isolate
}

/** A JSON request to the Worker in an environment of its own. */
export function callIn(own: Env, method: string, path: string, init: RequestInit & { json?: unknown } = {}) {
  const { json, ...rest } = init
  const headers = new Headers(rest.headers)
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  const body = json === undefined ? (rest.body ?? null) : JSON.stringify(json)
  return callWith(own, ORIGIN + path, { redirect: 'manual', ...rest, method, headers, body })
}

let clockStart = 0

/** The clock stands still from now on, so many seconds after its first stop. `vi.useRealTimers()` lets it run again. */
export function setClock(seconds: number): void {
  if (!vi.isFakeTimers()) clockStart = Date.now()
  vi.useRealTimers()
  vi.useFakeTimers({ toFake: ['Date'], now: clockStart + seconds * 1000 })
}

/** An address in a network that nobody had before: what the rate limiters count outlives a test, and a file. */
export function freshAddress(): string {
  const [a, b] = crypto.getRandomValues(new Uint16Array(2))
  return `2001:db8:${a!.toString(16)}:${b!.toString(16)}::1`
}

/** The same in IPv4: `fresh24()` and the last number. */
export const fresh24 = (): string => `10.${[...crypto.getRandomValues(new Uint8Array(2))].join('.')}`

/**
 * An address that no user has and no test had before: `reset()` forgets only the objects that are in memory, so what
 * another file counted for a name may still be there.
 */
export const nobody = (): string => `nobody${++serial}@example.com`

/** A request to sign in as somebody who is elsewhere. */
export const loginFrom = (ip: string, json: Record<string, unknown>, own: Env = ENV): Promise<Response> =>
  callWith(own, `${ORIGIN}/user/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': ip },
    body: JSON.stringify({ password: PASSWORD, ...json }),
  })

/** Stops the clock, for the Worker and for its objects; alarms go by the real one. The next test has it running again. */
export function stopClock(): { forward: (seconds: number) => void } {
  const start = Math.ceil(Date.now() / 1000) * 1000
  vi.useFakeTimers({ toFake: ['Date'], now: start })
  onTestFinished(() => void vi.useRealTimers())
  return { forward: (seconds) => void vi.setSystemTime(Date.now() + seconds * 1000) }
}

/** A rate limiter that always says the same. */
export const limiter = (success: boolean): RateLimit => ({ limit: () => Promise.resolve({ success }) })

/** The tests' bindings where no location is ever too busy. */
export const CALM: Env = { ...ENV, BREAKER: limiter(true) }

/** These bindings, and the names of the objects that are asked for through them. */
export function watchedDoorkeeper(own: Env = ENV): { own: Env; names: string[] } {
  const names: string[] = []
  const getByName: Env['DOORKEEPER']['getByName'] = (name, options) => {
    names.push(name)
    return env.DOORKEEPER.getByName(name, options)
  }
  return { own: { ...own, DOORKEEPER: { getByName } as Env['DOORKEEPER'] }, names }
}

/** The object that guards an address. Ask again after it was evicted. */
export async function doorkeeperOf(email: string): Promise<DurableObjectStub<Doorkeeper>> {
  const { own, names } = watchedDoorkeeper()
  await knownTo(own, email)
  return env.DOORKEEPER.getByName(names[0]!)
}

/** All that an object has in its storage. */
export async function storedFor(email: string): Promise<[string, unknown][]> {
  return runInDurableObject(await doorkeeperOf(email), (_, { storage }) => [...storage.kv.list()])
}

/** What an object remembers, after a change if one is given. */
export async function stateFor(email: string, change?: (state: State) => State): Promise<State> {
  return runInDurableObject(await doorkeeperOf(email), (instance) => {
    const open = instance as unknown as { state: State; store: (state: State) => void }
    if (change) open.store(change(open.state))
    return open.state
  })
}

/** A stranger's failures, as if they had come one after another until now. */
export const withFailures =
  (failures: number, blocked_until = 0) =>
  (state: State): State => ({ ...state, buckets: { stranger: { failures, blocked_until, used_at: now() } } })

/** Gives an object other bindings than it was born with, until it is evicted. */
export async function withinDoorkeeper(email: string, bindings: Partial<Env>): Promise<void> {
  await runInDurableObject(await doorkeeperOf(email), (instance) => {
    const open = instance as unknown as { env: Env }
    open.env = { ...open.env, ...bindings }
  })
}

/** The database, and the text of every statement that is prepared through it. */
export function watchedDatabase(): { DB: D1Database; texts: string[] } {
  const texts: string[] = []
  const DB = new Proxy(env.DB, {
    get(target, name) {
      const value = methodsOf.get!(target, name, target) as unknown
      if (name !== 'prepare') return value
      return (text: string) => {
        texts.push(text)
        return target.prepare(text)
      }
    },
  })
  return { DB, texts }
}

/** A database of which every statement ends like this. */
export function brokenDatabase(end: () => Promise<never>): D1Database {
  const statement = { bind: () => statement, first: end, all: end, run: end }
  return { prepare: () => statement, batch: end } as unknown as D1Database
}

export const lost = (): Promise<never> => Promise.reject(new Error('D1_ERROR: Network connection lost.'))

/** Whether a route was added to `src/action.ts` by whoever runs the service: no page and no table of ours names it. */
export const isAdded = ({ method, path }: { method: string; path: string }): boolean =>
  /^\/action(\/|$)/.test(path) && !(method === 'POST' && path === '/action')
