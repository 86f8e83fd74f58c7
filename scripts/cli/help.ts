import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { columns } from './output.ts'

const GLOBAL_HELP = [
  ['--json', 'JSON on standard output, and nothing else there'],
  ['--persist-to <folder>', 'the local data, as for npm run dev (.wrangler/state)'],
  ['--remote', 'the deployed service, through wrangler'],
  ['--help', 'this text'],
]

const EXIT_CODES = 'Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.'

export const help = (): string =>
  [
    'Usage: npm run latchkey -- <command> [options]',
    columns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    'With every command:',
    columns(GLOBAL_HELP.map(([option = '', text = '']) => [`  ${option}`, text])),
    EXIT_CODES,
  ].join('\n\n')

export function helpFor({ name, summary, usage, options }: Command): string {
  const own = Object.entries(options).map(([option, { type, help }]) => [
    type === 'string' ? `--${option} <${option === 'since' ? 'time' : 'value'}>` : `--${option}`,
    help,
  ])
  const rows = [...own, ...GLOBAL_HELP].map(([option = '', text = '']) => [`  ${option}`, text])
  const call = `Usage: npm run latchkey -- ${name} ${usage}`.trimEnd()
  return [call, summary, columns(rows), EXIT_CODES].join('\n\n')
}
