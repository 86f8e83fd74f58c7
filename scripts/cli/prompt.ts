import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import password from '@inquirer/password'
import { Refusal } from './command.ts'

/** Everything is asked on standard error: standard output is for the answer. */
const terminal = { input: process.stdin, output: process.stderr }

const isTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY

export const passwordOption = {
  'password-stdin': { type: 'boolean', help: 'read the password from standard input, up to the end of the line' },
} as const

/** A new password: typed twice without echo, or the line on standard input. @throws Refusal */
export async function askPassword(fromStdin: boolean): Promise<string> {
  if (fromStdin) {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(0)).split(/\r?\n/, 1)[0]!
    } catch {
      throw new Refusal('The password on standard input is not UTF-8.')
    }
  }
  if (!isTerminal()) throw new Refusal('Nobody can be asked for a password here: use --password-stdin.')
  const ask = (message: string) => password({ message, toggleMask: false }, terminal)
  const typed = await ask('Password:')
  if (typed !== (await ask('Once more:'))) throw new Refusal('The two passwords are not the same. Nothing was changed.')
  return typed
}

/** A secret of the deployed service: from the environment, or typed without echo. @throws Refusal */
export async function askSecret(name: string): Promise<string> {
  const given = process.env[name]
  if (given !== undefined) return given
  if (!isTerminal()) throw new Refusal(`Nobody can be asked for ${name} here: put it into the environment.`)
  return password({ message: `${name}:`, toggleMask: false }, terminal)
}

/** @throws Refusal when nobody can be asked, or somebody says no */
export async function confirm(question: string): Promise<void> {
  if (!isTerminal()) throw new Refusal(`${question} Nobody can be asked here: say --yes.`)
  const lines = createInterface(terminal)
  const interrupted = new AbortController()
  lines.once('SIGINT', () => interrupted.abort())
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: interrupted.signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new Refusal('Nothing was changed.')
  } finally {
    lines.close()
  }
}
