import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { columns } from './output.ts'

const GLOBAL_HELP = [
  ['--json', 'print JSON on standard output, and nothing else there'],
  ['--persist-to <folder>', 'the folder of the local data, as for npm run dev (.wrangler/state)'],
  ['--remote', 'work on the deployed service, through wrangler'],
  ['--help', 'show this text'],
]

const EXIT_CODES = 'Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.'

/** Every command, or those whose name begins with this word. */
export const help = (group?: string): string =>
  [
    `Usage: npm run latchkey -- ${group === undefined ? '' : `${group} `}<command> [options]`,
    columns(commandsOf(group).map(({ name, summary }) => [`  ${name}`, summary])),
    'With every command:',
    columns(GLOBAL_HELP.map(([option = '', text = '']) => [`  ${option}`, text])),
    EXIT_CODES,
  ].join('\n\n')

export const commandsOf = (group?: string): Command[] =>
  commands.filter(({ name }) => group === undefined || name.startsWith(`${group} `))

/** How a command is called, in a line: what stands above an error must not push it off the screen. */
export const usage = ({ name, usage } = { name: '<command>', usage: '[options]' }): string =>
  `Usage: npm run latchkey -- ${name} ${usage}`.trimEnd()

export function helpFor(command: Command): string {
  const { summary, options } = command
  const own = Object.entries(options).map(([option, { type, help }]) => [
    type === 'string' ? `--${option} <${option === 'since' ? 'time' : 'value'}>` : `--${option}`,
    help,
  ])
  const rows = [...own, ...GLOBAL_HELP].map(([option = '', text = '']) => [`  ${option}`, text])
  return [usage(command), summary, columns(rows), EXIT_CODES].join('\n\n')
}
