import { auditRow, type Client } from '../../src/core/audit.ts'
import { type Candidate, candidate, type Options, type Refusal } from './candidate.ts'
import { type Field, type Mapping, mappingOf } from './columns.ts'
import { Ledger } from './ledger.ts'
import { type GoodRow, UnreadableFile } from './rows.ts'
import type { Source } from './source.ts'
import { type Holder, holders, insertUsers, type Target } from './users.ts'

/** What became of one row. `other` is the row that stands in its way. */
export type Outcome = {
  line: number
  outcome: 'taken' | 'present' | 'refused'
  reason?: string
  field?: Field
  id?: number | null
  email?: string
  other?: { line: number } | { id: number; email: string }
  /** Why the person has to set a new password. */
  without_password?: string
  old_id?: string | null
  /** The file has an id that could not be kept. */
  new_id?: true
}

export type Run = Options & {
  target: Target
  by: Client
  named: ReadonlyMap<Field, string>
  dryRun: boolean
  report: (outcome: Outcome) => void
}

/** Rows that are written in one transaction: about a megabyte. */
const CHUNK_ROWS = 5_000

/**
 * Moves every row that can be moved, and reports each once: first those that bring an id, in order, then, in a second
 * reading, those that get one, which so is nobody else's. Rows that are there already are left as they are,
 * so a run that was interrupted is finished by running it again. In a dry run nothing is written.
 * @throws UnreadableFile when the file has no column of addresses, or lacks one that was named
 */
export async function importUsers(source: Source, run: Run): Promise<void> {
  const ledger = new Ledger()
  const write = writer(run, ledger)
  const mapping = mapper(source, run)
  const needsId = (row: Candidate | Refusal) => 'user' in row && row.user.id === null
  let waiting = 0
  const pass = async (rows: Source['rows'], isMeant: (row: Candidate | Refusal) => boolean): Promise<void> => {
    let chunk: (Candidate | Refusal)[] = []
    for (const row of rows) {
      const judged = 'fault' in row ? { line: row.line, reason: row.fault } : candidate(row, mapping(row), run)
      if (!isMeant(judged)) {
        waiting++
        continue
      }
      chunk.push(judged)
      if (chunk.length === CHUNK_ROWS) {
        await write(chunk)
        chunk = []
      }
    }
    await write(chunk)
  }
  try {
    await pass(source.rows, (row) => !needsId(row))
    if (waiting === 0) return
    const second = source.again()
    try {
      await pass(second.rows, needsId)
    } finally {
      second.close()
    }
  } finally {
    ledger.close()
  }
}

function writer(run: Run, ledger: Ledger) {
  let audit = [auditRow({ event: 'users_imported' }, run.by, run.now)]
  return async (chunk: readonly (Candidate | Refusal)[]): Promise<void> => {
    const candidates = chunk.filter((row) => 'user' in row)
    const held = await holders(run.target, candidates)
    const outcomes = new Map(candidates.map((row) => [row, decided(row, held.get(row), ledger)]))
    const fresh = candidates.filter((row) => outcomes.get(row)?.outcome === 'taken')
    if (fresh.length > 0 && !run.dryRun) {
      const inserted = await insertUsers(run.target, fresh, audit)
      audit = [] // one for each run, in the transaction that changes something first
      const late = fresh.filter((row) => !inserted.has(row.canonical)) // somebody else was faster
      const holdersNow = await holders(run.target, late)
      for (const row of fresh) {
        const id = inserted.get(row.canonical)
        outcomes.set(row, id === undefined ? withHolder(row, holdersNow.get(row)!) : { ...taken(row), id })
      }
    }
    for (const row of chunk) run.report('user' in row ? outcomes.get(row)! : { outcome: 'refused', ...row })
  }
}

/** Rows of the file come before those of the database, so that a second run says the same as the first. */
function decided(row: Candidate, holder: Holder | undefined, ledger: Ledger): Outcome {
  const { line, oldId, canonical, user } = row
  const outcome = holder ? withHolder(row, holder) : taken(row)
  const refused = outcome.outcome === 'refused'
  const earlier = refused ? ledger.find(oldId, canonical) : ledger.add(line, oldId, canonical)
  if (!earlier) return outcome
  const other = { line: earlier.line }
  return { line, outcome: 'refused', reason: `duplicate_${earlier.by}`, id: user.id, email: user.email, other }
}

function withHolder(row: Candidate, { by, id, email }: Holder): Outcome {
  const same = by === 'both' || (by === 'email' && row.user.id === null)
  if (same) return { ...taken(row), outcome: 'present', id }
  const { line, user } = row
  return { line, outcome: 'refused', reason: `${by}_taken`, id: user.id, email: user.email, other: { id, email } }
}

const taken = ({ line, user, oldId, lost }: Candidate): Outcome => ({
  line,
  outcome: 'taken',
  id: user.id,
  email: user.email,
  old_id: oldId,
  ...(oldId !== null && user.id === null && { new_id: true }),
  ...(lost && { without_password: lost }),
})

/** The fields of a row. Rows of one file mostly have the same columns, so the answer is kept. */
function mapper(source: Source, { named, withoutPassword }: Run) {
  const objects = source.format === 'json' || source.format === 'jsonl'
  let last: { columns: readonly string[]; mapping: Mapping } | undefined
  return (row: GoodRow): Mapping => {
    const { columns } = row
    if (last && (last.columns === columns || (objects && String(last.columns) === String(columns)))) return last.mapping
    const mapping = mappingOf(columns, named)
    const missing = [...named].find(([field]) => !mapping.has(field))
    // Objects may leave out what they have no value for.
    if (!objects && missing)
      throw new UnreadableFile(`There is no column ${missing[1]}. Columns: ${columns.join(', ')}.`)
    if (!objects && !mapping.has('email')) {
      throw new UnreadableFile(
        `No column is known as an address: name it with --map email=. Columns: ${columns.join(', ')}.`,
      )
    }
    if (!objects && !withoutPassword && !mapping.has('hashed_password')) {
      throw new UnreadableFile(
        'No column is known as a password: name it with --map hashed_password=, or say --without-password. ' +
          `Columns: ${columns.join(', ')}.`,
      )
    }
    last = { columns, mapping }
    return mapping
  }
}
