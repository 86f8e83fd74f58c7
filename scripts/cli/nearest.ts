import { type Command, UsageError } from './command.ts'
import { commandsOf } from './help.ts'

/** Says that words are no command, and which one was probably meant. */
export function wrongCommand(words: string[]): UsageError {
  const [first = '', second = ''] = words
  if (first === '' || first.startsWith('-')) return new UsageError('The command comes first, its options after it.')
  const own = commandsOf(first).map(({ name }) => name)
  if (own.length > 0 && (second === '' || second.startsWith('-'))) {
    return new UsageError(`Which one? ${own.map((name) => `"${name}"`).join(', ')}.`)
  }
  const typed = second.startsWith('-') ? first : `${first} ${second}`.trim()
  const names = commandsOf().map(({ name }) => name)
  // Whatever follows the name of a command of one word is its argument.
  const meant = nearest(typed, names) ?? nearest(first, names) ?? names.find((name) => name.split(' ')[1] === first)
  return new UsageError(`There is no command "${typed}".${suggestion(meant)}`)
}

/** What `parseArgs` complained of, in a sentence, and which option was probably meant. */
export function wrongOption(error: Error, command: Command | undefined): string {
  const unknown = /^Unknown option '(-[^']*)'/.exec(error.message)?.[1]
  if (unknown === undefined) return error.message
  const options = [...Object.keys(command?.options ?? {}), 'json', 'remote', 'persist-to', 'help'].map(
    (name) => `--${name}`,
  )
  return `There is no option ${unknown}.${suggestion(nearest(unknown, options))}`
}

const suggestion = (meant: string | undefined): string => (meant === undefined ? '' : ` Did you mean "${meant}"?`)

/** The candidate that a few slips of the hand turn into what was typed: one in three characters at most. */
function nearest(typed: string, candidates: string[]): string | undefined {
  const [best] = candidates
    .map((name) => ({ name, slips: distance(typed, name) }))
    .filter(({ name, slips }) => slips <= name.length / 3)
    .sort((a, b) => a.slips - b.slips)
  return best?.name
}

/** Letters that were added, left out, changed, or typed in the wrong order (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (same ? 0 : 1),
        swapped ? rows[i - 2]![j - 2]! + 1 : Infinity,
      )
    }
    rows.push(row)
  }
  return rows[a.length]![b.length]!
}
