import type { parseArgs, ParseArgsOptionDescriptor } from 'node:util'
import type { DatabaseCall } from '../../src/core/call.ts'

type Options = Record<string, ParseArgsOptionDescriptor & { help: string }>

type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>

/** What a command gets besides its own arguments. */
export type Context = {
  /** Whether one JSON document, or one to a line, is all that standard output may hold. */
  json: boolean
  /** Whether the deployed service is meant, not the local one. */
  remote: boolean
  persistTo: string
  /** Seconds. */
  now: number
  /**
   * Makes the call of this command: by whoever is at the keyboard, on the database that `--persist-to` or `--remote` chose,
   * with every migration applied if it is a local one.
   */
  withCall: <T>(use: (call: DatabaseCall) => Promise<T>) => Promise<T>
}

/** One command. `usage` is what follows its name; `run` ends well, or throws a Problem, a Refusal or a UsageError. */
export type Command<O extends Options = Options> = {
  name: string
  summary: string
  usage: string
  options: O
  run: (args: Parsed<O>, context: Context) => Promise<void>
}

/** A command of which the options' types are known where it runs, and forgotten where it is listed. */
export const command = <const O extends Options>(own: Command<O>): Command => own as unknown as Command

/** Something that cannot be done, and what to do next. Ends with 1. */
export class Refusal extends Error {}

/** A command line that makes no sense. Ends with 2. */
export class UsageError extends Error {}

/** The only argument that a command takes. @throws UsageError */
export function onlyArgument(positionals: string[], name: string): string {
  const [argument, ...more] = positionals
  if (argument === undefined) throw new UsageError(`<${name}> is missing.`)
  if (more.length > 0)
    throw new UsageError(`One <${name}> at a time: what is ${more.map((word) => `"${word}"`).join(', ')}?`)
  return argument
}

/** A command that takes options alone. @throws UsageError */
export function noArguments(positionals: string[]): void {
  if (positionals.length > 0) throw new UsageError(`What is "${positionals.join(' ')}"?`)
}

/** @throws UsageError */
export function wholeNumber(text: string, option: string, max: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (number < 1 || number > max) throw new UsageError(`--${option} is a number from 1 to ${max}.`)
  return number
}
