import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test'
import { expect } from 'vitest'
import worker from '../../src/index.ts'
import { bearer } from '../../src/testing/tokens.ts'
import { ENV } from './bindings.ts'
import { noteAnswer } from './contract.ts'
import { PASSWORD } from './passwords.ts'

export const ORIGIN = 'http://latchkey.test'

const ADDRESS = 'CF-Connecting-IP'

/**
 * A request to the Worker with the given bindings, from the local machine unless it names an address. An empty address
 * means a service binding, which has none. Returns after the work that follows the response is done, too. The response
 * is checked against the contract when the test is over.
 */
export async function callWith(own: Env, url: string, init: RequestInit = {}): Promise<Response> {
  const ctx = createExecutionContext()
  const headers = new Headers(init.headers)
  if (!headers.has(ADDRESS)) headers.set(ADDRESS, '127.0.0.1')
  if (headers.get(ADDRESS) === '') headers.delete(ADDRESS)
  const answer = await worker.fetch(
    new Request(url, { ...init, headers }) as Request<unknown, IncomingRequestCfProperties>,
    own,
    ctx,
  )
  await waitOnExecutionContext(ctx)
  await noteAnswer(init.method ?? 'GET', url, answer.clone() as Response)
  return answer
}

type Asked = RequestInit & { json?: unknown }

/** A request to the Worker with the given bindings. */
export function callIn(own: Env, method: string, path: string, { json, ...init }: Asked = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  if (json !== undefined) headers.set('Content-Type', 'application/json')
  const body = json === undefined ? (init.body ?? null) : JSON.stringify(json)
  return callWith(own, ORIGIN + path, { redirect: 'manual', ...init, method, headers, body })
}

/** A request to the real Worker, as a stranger sends it. */
export const call = (method: string, path: string, init: Asked = {}): Promise<Response> =>
  callIn(ENV, method, path, init)

/** The same, from another address. */
export const callFrom = (ip: string, own: Env, method: string, path: string, json: unknown): Promise<Response> =>
  callIn(own, method, path, { json, headers: { 'CF-Connecting-IP': ip } })

export { bearer }

export const login = (email: string, password = PASSWORD) => call('POST', '/user/login', { json: { email, password } })

/** A login from another address. */
export const loginFrom = (ip: string, json: Record<string, unknown>, own: Env = ENV): Promise<Response> =>
  callFrom(ip, own, 'POST', '/user/login', { password: PASSWORD, ...json })

/** What cron does every minute. */
export const runCron = (own: Env = ENV): Promise<void> => worker.scheduled(createScheduledController(), own)

/** An address in a new network. The counts of the rate limiters outlive a test and a file. */
export function freshAddress(): string {
  const [a, b] = crypto.getRandomValues(new Uint16Array(2))
  return `2001:db8:${a!.toString(16)}:${b!.toString(16)}::1`
}

/** The same for IPv4: append the last number to `fresh24()`. */
export const fresh24 = (): string => `10.${[...crypto.getRandomValues(new Uint8Array(2))].join('.')}`

/** Everything that the client sees in a response, without its per-request parts. */
export async function seen(answer: Response) {
  const headers = [...answer.headers].filter(([name]) => name !== 'x-request-id')
  const text = (await answer.text()).replace(/"request_id":"[^"]+"/, '')
  return { status: answer.status, headers, text }
}

/** Checks that the response is a problem with this status and code, and reveals nothing that it should not. */
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
