import type { DatabaseCall } from '../../src/core/call.ts'
import { auditRow } from '../../src/core/events/audit.ts'
import { sql } from '../../src/lib/sql.ts'
import { type Candidate, candidate, type Options, type Refusal } from './candidate.ts'
import type { Field } from './columns.ts'
import { Ledger } from './ledger.ts'
import { type Columns, mapper } from './mapper.ts'
import type { Source } from './source.ts'
import { survey } from './survey.ts'
import { type Holder, holders, insertUsers, reserveIds, type Target } from './users.ts'

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
  /** What the person may do here beyond what everybody may. */
  roles?: string[]
  no_password?: true
  disabled?: true
  unverified?: true
  /** Fields whose cells could not be taken, where the person was. */
  left_out?: Field[]
  /** White space around the address was dropped. */
  trimmed?: true
  old_id?: string | null
  /** The file has an id that could not be kept. */
  new_id?: true
}

export type Run = Omit<Options, 'rolesNamed' | 'fieldsOfFile' | 'now'> &
  Columns & {
    call: DatabaseCall
    target: Target
    dryRun: boolean
    /** Is called when nothing speaks against the file, before the first row is reported. */
    begin?: () => void
    report: (outcome: Outcome) => void
  }

/** Rows that are written in one transaction: about a megabyte. */
const CHUNK_ROWS = 5_000

/**
 * Imports every row that can be taken, and reports each row once, in the order of the file. The file is read twice. The
 * first reading finds what speaks against the whole file, and its ids: nobody else may be given one of them, whatever
 * becomes of its row. Rows that are here already are left as they are, so an interrupted run is finished by running it
 * again. A dry run writes nothing.
 * @throws UnreadableFile if the file has no rows, no column of addresses, or lacks a column that was named
 */
export async function importUsers(source: Source, run: Run): Promise<void> {
  const mapping = mapper(source, run)
  const first = source.again()
  const { highestId, fields: fieldsOfFile } = survey(first, mapping, run)
  first.close()
  run.begin?.()
  if (!run.dryRun) await reserveIds(run.target, highestId)
  const ledger = new Ledger()
  const write = writer(run, ledger)
  const options = { ...run, now: run.call.now, rolesNamed: run.named.has('roles'), fieldsOfFile }
  const chunk: (Candidate | Refusal)[] = []
  try {
    for (const row of source.rows) {
      chunk.push(candidate(row, mapping(row), options))
      if (chunk.length === CHUNK_ROWS) await write(chunk.splice(0))
    }
    await write(chunk)
  } finally {
    ledger.close()
  }
}

function writer(run: Run, ledger: Ledger) {
  // One for each run, even if a batch is done again because its answer was lost.
  const first = sql`NOT EXISTS (SELECT 1 FROM audit_events
    WHERE event = 'users_imported' AND at = ${run.call.now} AND request_id = ${run.call.origin.request_id})`
  let audit = [auditRow(run.call, { event: 'users_imported' }, first)]
  return async (chunk: readonly (Candidate | Refusal)[]): Promise<void> => {
    const candidates = chunk.filter((row) => 'user' in row)
    const held = await holders(run.call, run.target, candidates)
    const outcomes = new Map(candidates.map((row) => [row, decided(row, held.get(row), ledger)]))
    const fresh = candidates.filter((row) => outcomes.get(row)?.outcome === 'taken')
    if (fresh.length > 0 && !run.dryRun) {
      const inserted = await insertUsers(run.call, run.target, fresh, audit)
      audit = [] // in the transaction that changes something first
      const late = fresh.filter((row) => !inserted.has(row.canonical)) // somebody else was faster
      const holdersNow = await holders(run.call, run.target, late)
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
  const reason = `duplicate_${earlier.by}`
  return { line, outcome: 'refused', reason, id: user.id, old_id: oldId, email: user.email, other }
}

function withHolder(row: Candidate, { by, id, email }: Holder): Outcome {
  const same = by === 'both' || (by === 'email' && row.user.id === null)
  if (same) return { ...whoIs(row), outcome: 'present', id }
  const { line, user, oldId } = row
  const other = { id, email }
  return { line, outcome: 'refused', reason: `${by}_taken`, id: user.id, old_id: oldId, email: user.email, other }
}

const whoIs = ({ line, user, oldId }: Candidate) => ({
  line,
  id: user.id,
  email: user.email,
  old_id: oldId,
  ...(oldId !== null && user.id === null && { new_id: true as const }),
})

function taken(row: Candidate): Outcome {
  const { user, lost, leftOut, trimmed } = row
  const roles = JSON.parse(user.roles) as string[]
  return {
    ...whoIs(row),
    outcome: 'taken',
    ...(lost && { without_password: lost }),
    ...(user.hashed_password === null && !lost && { no_password: true }),
    ...(roles.length > 0 && { roles }),
    ...(user.disabled_at !== null && { disabled: true }),
    ...(user.email_verified === 0 && { unverified: true }),
    ...(leftOut && { left_out: leftOut }),
    ...(trimmed && { trimmed }),
  }
}
