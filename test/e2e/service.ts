/** The service as a stranger starts it: `npm run dev` in a process group of its own, on a free port, with data of its own. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanCopy, freePort, temporaryFolder } from './clone.ts'
import { launch, run, type Running } from './processes.ts'

export * from './clone.ts'
export * from './processes.ts'

/** It takes 4 s on a quiet machine with two cores; tests of others may run beside it. */
const START_MS = 90_000

export type Credentials = { email: string; password: string }

export type Service = {
  url: string
  port: number
  /** Of the process, and of its group. */
  pid: number
  persistTo: string
  /** The login that `npm run dev` prints. */
  demo: Credentials
  /** Everything that was printed so far. */
  output: () => string
  /** Ends the process group. The data goes too, unless the caller brought the folder. */
  stop: () => Promise<void>
}

type ServiceOptions = {
  /** Settings, as `--var NAME:value`: these win over `.dev.vars`. */
  vars?: Record<string, string>
  /** What else `wrangler dev` is told. */
  args?: string[]
  port?: number
  persistTo?: string
  root?: string
  /** The port and the folder are the script's own choice, and the folder is in `root`. */
  withoutArguments?: boolean
  /** Under a pseudo terminal where nobody types. */
  terminal?: boolean
}

/** Starts the service and waits until `/ready` answers 200. @throws Error with what was printed, when it does not */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { vars = {}, args: more = [], root = cleanCopy(), withoutArguments = false, terminal = false } = options
  const ours = !withoutArguments && options.persistTo === undefined
  const persistTo = ours ? temporaryFolder() : (options.persistTo ?? join(root, '.wrangler', 'state'))
  const settings = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const chosen = [
    '--',
    '--port',
    String(options.port ?? (await freePort())),
    '--persist-to',
    persistTo,
    ...settings,
    ...more,
  ]
  const args = ['run', 'dev', ...(withoutArguments ? [] : chosen)]
  const running = terminal
    ? launch('script', ['-qec', ['npm', ...args].map(quoted).join(' '), '/dev/null'], { cwd: root, stdin: 'open' })
    : launch('npm', args, { cwd: root })
  const stop = async () => {
    await running.stop()
    if (ours) rmSync(persistTo, { recursive: true, force: true })
  }
  try {
    const url = await printed(running, /^ *Latchkey +(https?:\S+)\/login/m)
    const [email = '', password = ''] = (await printed(running, /^ *Demo login +(\S+ \/ \S+)/m)).split(' / ')
    if (url.startsWith('http:')) await ready(running, url) // nobody signed the certificate of the other
    const port = Number(new URL(url).port)
    return { url, port, pid: running.pid, persistTo, demo: { email, password }, output: running.output, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Posts credentials as any client would. */
export const logIn = (url: string, { email, password }: Credentials): Promise<Response> =>
  fetch(`${url}/user/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })

/** @throws Error when the login is refused */
export async function accessToken(url: string, credentials: Credentials): Promise<string> {
  const response = await logIn(url, credentials)
  const { access_token } = (await response.json()) as { access_token?: string }
  if (access_token === undefined) throw new Error(`The login of ${credentials.email} answered ${response.status}.`)
  return access_token
}

/** Runs a file of SQL as the README tells an operator to; the service may be running. */
export async function executeFile(persistTo: string, file: string): Promise<void> {
  await d1Execute(persistTo, ['--file', file])
}

/** Runs statements through a file, so that no shell and no argument parser reads them. */
export async function execute(persistTo: string, sql: string): Promise<void> {
  const folder = temporaryFolder()
  try {
    writeFileSync(join(folder, 'statements.sql'), sql)
    await executeFile(persistTo, join(folder, 'statements.sql'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The rows of one SELECT. */
export async function query<Row>(persistTo: string, sql: string): Promise<Row[]> {
  const answer = JSON.parse(await d1Execute(persistTo, ['--json', '--command', sql])) as [{ results: Row[] }]
  return answer[0].results
}

/** A text as an SQL literal. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

async function printed(running: Running, pattern: RegExp): Promise<string> {
  return eventually(running, () => pattern.exec(running.output().replaceAll('\r', ''))?.[1])
}

async function ready(running: Running, url: string): Promise<void> {
  await eventually(running, async () => {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined)
    return response?.status === 200 ? true : undefined
  })
}

async function eventually<T>(running: Running, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
    const found = await look()
    if (found !== undefined) return found
    if (running.hasExited()) throw new Error(`The service ended by itself:\n${running.output()}`)
  }
  throw new Error(`The service did not get ready:\n${running.output()}`)
}

async function d1Execute(persistTo: string, what: string[]): Promise<string> {
  const args = ['wrangler', 'd1', 'execute', 'DB', '--local', '--persist-to', persistTo, ...what]
  // wrangler asks Cloudflare for news and sends statistics. The dev script says no to that by itself.
  const quiet = { WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }
  const { code, stdout, output } = await run('npx', args, quiet)
  if (code !== 0) throw new Error(`npx ${args.join(' ')} ended with ${code}:\n${output}`)
  return stdout
}

/** For the shell that `script` runs. */
const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`
