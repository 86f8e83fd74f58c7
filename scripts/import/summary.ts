type Counts = Record<string, number>

/** What an import did, or in a dry run would do. */
export type Summary = {
  rows: number
  taken: number
  present: number
  refused: Counts
  without_password: number
  /** Those who had none in the file. */
  no_password: number
  /** Those whose id in the file is no whole number that could be kept. */
  new_ids: number
  /** Of those who were taken: how many have each role. */
  roles: Counts
  disabled: number
  unverified: number
  /** Of those who were taken: how many came without the value of a field, because it could not be read. */
  left_out: Counts
  /** Those whose address had white space around it. */
  trimmed: number
  /** Which column each field is read from, and which columns stay behind. Of objects, those of the first. */
  columns: Record<string, string>
  left_behind: string[]
  dry_run: boolean
}

export const emptySummary = (dry_run: boolean): Summary => ({
  rows: 0,
  taken: 0,
  present: 0,
  refused: {},
  without_password: 0,
  no_password: 0,
  new_ids: 0,
  roles: {},
  disabled: 0,
  unverified: 0,
  left_out: {},
  trimmed: 0,
  columns: {},
  left_behind: [],
  dry_run,
})

export function count(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** The summary for a person, a line each. */
export function sentences(summary: Summary): string[] {
  const { rows, taken, present, refused, without_password, new_ids, roles, left_out, dry_run } = summary
  const shown = (n: number) => n.toLocaleString('en')
  const listed = (counts: Counts) => Object.entries(counts).map(([name, n]) => `  ${shown(n).padStart(9)}  ${name}`)
  const all = Object.values(refused).reduce((sum, n) => sum + n, 0)
  const some = (n: number, what: string) => (n > 0 ? [`${shown(n)} of them ${what}.`] : [])
  const list = (counts: Counts, title: string) => (Object.keys(counts).length > 0 ? [title, ...listed(counts)] : [])
  const was = `${shown(taken)} ${dry_run ? 'would be taken' : 'taken'}`
  return [
    `${shown(rows)} rows: ${was}, ${shown(present)} present, ${shown(all)} refused`,
    ...listed(refused),
    ...some(without_password, 'without a password, because its hash was refused'),
    ...some(summary.no_password, 'without a password, because the file has none for them'),
    ...some(new_ids, 'with a new id'),
    ...some(summary.disabled, 'disabled'),
    ...some(summary.unverified, 'with an address that is not verified'),
    ...some(summary.trimmed, 'with white space around the address, which was dropped'),
    ...list(roles, 'Roles:'),
    ...list(left_out, 'Left out, because the cell could not be read:'),
    ...(left_out['roles'] ? [ROLES_HINT] : []),
    ...(dry_run ? columnSentences(summary) : []),
  ]
}

const ROLES_HINT = 'A truth value is nobody’s name of a role. If it means an administrator, say --map roles=<column>.'

/** What the columns of the file are taken for, and which are not read. */
export function columnSentences({ columns, left_behind }: Summary): string[] {
  const read = Object.entries(columns).map(([field, column]) => (field === column ? field : `${field} from ${column}`))
  return [
    ...(read.length > 0 ? [`Read: ${read.join(', ')}.`] : []),
    ...(left_behind.length > 0 ? [`Left behind: ${left_behind.join(', ')}.`] : []),
  ].map((line) => line.replace(/\p{Cc}/gu, '?'))
}
