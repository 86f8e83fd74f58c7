/** Processes that a test starts, each in a group of its own, and how they end. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from './clone.ts'

/** Time for wrangler to take its workerd down with it; after that, everything that was started here is killed. */
const STOP_MS = 10_000

/** What a test runner or a CI service sets and a person's shell does not: tools ask less, or colour less, because of it. */
const NOT_A_STRANGERS = /^(CI|GITHUB_ACTIONS|NODE_ENV|NODE_OPTIONS|TEST|VITEST.*|FORCE_COLOR|NO_COLOR)$/

/** A command takes seconds on a quiet machine; tests of others may run beside it. */
const END_MS = 90_000

type Ended = { code: number | null; stdout: string; output: string }

/** Runs a command to its end, with nothing to read from. */
export async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  const running = launch(command, args, { cwd: ROOT, env })
  const code = await Promise.race([running.exited, sleep(END_MS, 'late' as const, { ref: false })])
  await running.stop()
  if (code === 'late') throw new Error(`${command} ${args.join(' ')} did not end:\n${running.output()}`)
  return { code, stdout: running.stdout(), output: running.output() }
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

/** Whether a process still does anything: one that has ended stays in the table until somebody asks how. */
export function isRunning(id: number): boolean {
  try {
    return signal(id, 0) && !/\) Z [^)]*$/.test(readFileSync(`/proc/${id}/stat`, 'utf8'))
  } catch {
    return signal(id, 0) // it has ended, or there is no /proc
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
