/** The service as a stranger starts it: `npm run dev` in a process group of its own, on a free port, with data of its own. */
import { execFileSync, spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export const ROOT = resolve(import.meta.dirname, '../..')

/** It takes 4 s on a quiet machine with two cores; tests of others may run beside it. */
const START_MS = 90_000

/** Time for wrangler to take its workerd down with it; after that, everything that was started here is killed. */
const STOP_MS = 10_000

/** What a test runner or a CI service sets and a person's shell does not: tools ask less, or colour less, because of it. */
const NOT_A_STRANGERS = /^(CI|GITHUB_ACTIONS|NODE_ENV|NODE_OPTIONS|TEST|VITEST.*|FORCE_COLOR|NO_COLOR)$/

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
  persistTo?: string
  root?: string
  /** The port and the folder are the script's own choice, and the folder is in `root`. */
  withoutArguments?: boolean
  /** Under a pseudo terminal where nobody types. */
  terminal?: boolean
}

/** Starts the service and waits until `/ready` answers 200. @throws Error with what was printed, when it does not */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { vars = {}, root = ROOT, withoutArguments = false, terminal = false } = options
  const ours = !withoutArguments && options.persistTo === undefined
  const persistTo = ours ? temporaryFolder() : (options.persistTo ?? join(root, '.wrangler', 'state'))
  const settings = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`])
  const chosen = ['--', '--port', String(await freePort()), '--persist-to', persistTo, ...settings]
  const args = ['run', 'dev', ...(withoutArguments ? [] : chosen)]
  const running = terminal
    ? launch('script', ['-qec', ['npm', ...args].map(quoted).join(' '), '/dev/null'], { cwd: root, stdin: 'open' })
    : launch('npm', args, { cwd: root })
  const stop = async () => {
    await running.stop()
    if (ours) rmSync(persistTo, { recursive: true, force: true })
  }
  try {
    const url = await printed(running, /^ *Latchkey +(http:\S+)\/login/m)
    const [email = '', password = ''] = (await printed(running, /^ *Demo login +(\S+ \/ \S+)/m)).split(' / ')
    await ready(running, url)
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

type Ended = { code: number | null; stdout: string; output: string }

/** Runs a command to its end, with nothing to read from. */
export async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const running = launch(command, args, { cwd: ROOT, env })
  const code = await Promise.race([running.exited, sleep(START_MS, 'late' as const, { ref: false })])
  await running.stop()
  if (code === 'late') throw new Error(`${command} ${args.join(' ')} did not end:\n${running.output()}`)
  return { code, stdout: running.stdout(), output: running.output() }
}

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'latchkey-e2e-'))

/** Puts the files that a commit would hold into a folder, with the packages that are installed here. */
export function freshClone(folder: string): void {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  for (const name of list
    .split('\0')
    .filter((file) => statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile())) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    copyFileSync(join(ROOT, name), join(folder, name))
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, 'localhost', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

/**
 * Whether tests must be left out because a tool is missing. That is said aloud, and in CI it is a failure: there a
 * test that nobody ran would look like one that passed.
 */
export function skipWithout(tool: string, use: () => void): boolean {
  try {
    use()
    return false
  } catch (cause) {
    if (process.env['CI']) throw new Error(`${tool} is missing, and CI is set.`, { cause })
    console.warn(`Skipped, because ${tool} is missing.`)
    return true
  }
}

export type Running = {
  pid: number
  stdout: () => string
  /** What went to standard output and to standard error, as it came. */
  output: () => string
  /** `null` when a signal ended it. */
  exited: Promise<number | null>
  hasExited: () => boolean
  stop: () => Promise<void>
}

/** `open`: standard input is a pipe that nobody writes to; otherwise it is closed at once. */
type LaunchOptions = { cwd: string; stdin?: 'open'; env?: Record<string, string> }

const started = new Set<number>()
process.once('exit', () => started.forEach((group) => signal(-group, 'SIGKILL')))

export function launch(command: string, args: string[], { cwd, stdin, env: more }: LaunchOptions): Running {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_A_STRANGERS.test(name)))
  const child = spawn(command, args, { cwd, env: { ...env, ...more }, detached: true, stdio: 'pipe' })
  let [stdout, output] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), (output += text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stdin.on('error', () => {}) // the reader may end first
  if (stdin !== 'open') child.stdin.end()

  let over = false
  const exited = new Promise<number | null>((done) => {
    child.once('error', (error) => done(((output += String(error)), null)))
    child.once('close', (code) => done(code))
  })
  void exited.then(() => (over = true))
  const { pid = 0 } = child // none when the command does not exist
  if (pid > 0) started.add(pid)
  const stop = async () => {
    if (pid === 0) return
    // A pseudo terminal is a session of its own: its processes are descendants, but not of this group.
    const family = [-pid, ...familyOf(pid)]
    signal(-pid, 'SIGTERM')
    for (let waited = 0; waited < STOP_MS && family.some((id) => signal(id, 0)); waited += 50) await sleep(50)
    for (const id of family) signal(id, 'SIGKILL')
    child.stdin.destroy()
    await exited
    started.delete(pid)
  }
  return { pid, stdout: () => stdout, output: () => output, exited, hasExited: () => over, stop }
}

/** Whether there was anything to signal. With 0, only whether it is there. */
export function signal(id: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(id, name)
  } catch {
    return false
  }
}

/** Everything that a process started and that still runs, itself first. */
export function familyOf(ancestor: number): number[] {
  const parents = existsSync('/proc/self/stat') ? parentsFromProc() : parentsFromPs()
  const family = [ancestor]
  for (const id of family) for (const [pid, parent] of parents) if (parent === id) family.push(pid)
  return family
}

/** A slim image has no `ps`. The name of a program, in brackets, may hold anything. */
function parentsFromProc(): [pid: number, parent: number][] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return [[Number(pid), Number(parent)]]
    } catch {
      return [] // it ended meanwhile
    }
  })
}

function parentsFromPs(): [pid: number, parent: number][] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return table.split('\n').map((line) => line.trim().split(/ +/).map(Number) as [number, number])
}

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
