/** The command line as an operator uses it: `npm run latchkey`, on the data of a test. */
import { spawn } from 'node:child_process'
import { cleanCopy } from './service.ts'

export type Ran = { code: number | null; stdout: string; stderr: string }

/** Runs one command to its end, with this on its standard input. */
export function latchkey(args: string[], input = ''): Promise<Ran> {
  const child = spawn('npm', ['run', '--silent', 'latchkey', '--', ...args], { cwd: cleanCopy(), stdio: 'pipe' })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => {}) // it may not read
  child.stdin.end(input)
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })))
}
