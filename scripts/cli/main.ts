import { hostname, userInfo } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Origin } from '../../src/core/origin.ts'
import { Problem } from '../../src/problem.ts'
import { randomId } from '../../src/lib/bytes.ts'
import { now } from '../../src/lib/time.ts'
import { OFFLINE, ROOT } from '../local.ts'
import { commandCall } from './call.ts'
import { type Command, type Context, Refusal, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { openDatabase } from './database.ts'
import { explain } from './explain.ts'
import { commandsOf, help, helpFor, usage } from './help.ts'
import { wrongCommand, wrongOption } from './nearest.ts'
import { note, printText } from './output.ts'

const GLOBAL = {
  json: { type: 'boolean' },
  remote: { type: 'boolean' },
  'persist-to': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const

/** Runs one command. Gives the exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted. */
export async function main(given: string[]): Promise<number> {
  process.env = { ...process.env, ...OFFLINE }
  // What is being done goes on, also where whoever read the answer has gone; but the answer was not given.
  let unread: NodeJS.ErrnoException | undefined
  process.stdout.on('error', (error) => (unread = error))
  const code = await answer(given)
  await new Promise((done) => process.stdout.write('', done))
  if (unread && unread.code !== 'EPIPE') note(`The answer could not be written: ${unread.message}`)
  return unread && code === 0 ? 1 : code
}

async function answer(given: string[]): Promise<number> {
  const argv = given[0] === 'help' ? [...given.slice(1), '--help'] : given
  const found = commandOf(argv)
  try {
    if (found) return await run(found.command, found.rest)
    const words = argv.filter((word) => word !== '--help' && word !== '-h')
    const [group, ...more] = words
    const isHelp = words.length < argv.length || argv.length === 0
    if (!isHelp || more.length > 0 || (group !== undefined && commandsOf(group).length === 0)) throw wrongCommand(words)
    printText(help(group))
    return 0
  } catch (error) {
    return failed(error, found?.command)
  }
}

/** The command of which the name is the first words. Of `users factors` and `users factors remove`, the later one. */
function commandOf(argv: string[]): { command: Command; rest: string[] } | undefined {
  const command = commands.findLast(({ name }) => name === argv.slice(0, name.split(' ').length).join(' '))
  return command && { command, rest: argv.slice(command.name.split(' ').length) }
}

async function run(command: Command, rest: string[]): Promise<number> {
  const args = parseArgs({ args: rest, options: { ...command.options, ...GLOBAL }, allowPositionals: true })
  const { values } = args
  if (values.help === true) {
    printText(helpFor(command))
    return 0
  }
  if (values.remote === true && values['persist-to'] !== undefined) {
    throw new UsageError('--persist-to is a folder on this machine, --remote the deployed database: choose one.')
  }
  const remote = values.remote === true
  const persistTo = resolve(ROOT, values['persist-to'] ?? '.wrangler/state') // as npm run dev reads it
  const [origin, at] = [operator(), now()]
  const context: Context = {
    json: values.json === true,
    remote,
    persistTo,
    now: at,
    withCall: (use) => openDatabase(remote, persistTo, (db) => use(commandCall(db, origin, at))),
  }
  await command.run(args as Parameters<Command['run']>[0], context)
  return 0
}

function operator(): Origin {
  const { username } = userInfo()
  const actor = `cli:${username}@${hostname()}`
  return { ip: null, country: null, user_agent: 'latchkey-cli', language: 'en', request_id: randomId(), actor }
}

function failed(error: unknown, command: Command | undefined): number {
  if (process.env['DEBUG'] !== undefined) console.error(error)
  if (error instanceof Error && ['AbortError', 'ExitPromptError'].includes(error.name)) return 130 // Ctrl-C at a prompt
  if (error instanceof UsageError || isParseError(error)) {
    note(`${usage(command)}    (--help says more)`)
    note(error instanceof UsageError ? error.message : wrongOption(error, command))
    return 2
  }
  if (error instanceof Problem) note(explain(error))
  else if (error instanceof Refusal) note(error.message)
  else note(`That failed: ${error instanceof Error ? error.message : String(error)} (DEBUG=1 shows where.)`)
  return 1
}

const isParseError = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
