import type { Field, Mapping } from './columns.ts'
import { type Row, UNREADABLE } from './rows.ts'
import { identifier, text } from './values.ts'

/**
 * The highest id that is kept. It leaves room for the ids of new users: `/admin` takes 15 digits, which JavaScript holds
 * exactly.
 */
const MAX_ID = 2 ** 48

/** No counter of ours will come above this: twice the highest id that is kept. */
const MAX_RESERVED = 2 * MAX_ID

/** What helps to find a refused row again. */
export type Trace = { id?: number; old_id?: string; email?: string }

/**
 * The highest number in a row that may be an id of the old system, or 0. In a broken row every number counts, because nobody
 * knows which cell is which.
 */
export function highestIdIn(row: Row, mapping: Mapping): number {
  const id = idText(cellsOf(row, mapping)('id'))
  if (!('fault' in row)) return reservable(id)
  const texts = [row.text, ...(row.cells ?? []).map(text)].filter((value) => typeof value === 'string')
  return texts
    .flatMap((value) => value.match(/(?<![\w.$/+-])\d{1,15}(?![\w.$/+-])/g) ?? [])
    .concat(id ?? [])
    .reduce((highest, digits) => Math.max(highest, reservable(digits)), 0)
}

function reservable(text: string | null): number {
  const id = /^\d{1,16}$/.test(text ?? '') ? Number(text) : 0
  return id <= MAX_RESERVED ? id : 0
}

/** The cell of a field in a row. Undefined if there is none. */
export const cellsOf =
  ({ cells }: Row, mapping: Mapping) =>
  (field: Field): unknown =>
    cells?.[mapping.get(field) ?? -1]

/** The form of an id, of whatever system. Anything else in its column may be a hash in the wrong place. */
export const ID = /^[\w.:|@-]{1,128}$/
/** The ids that are shown of a refused row, whose columns may be shifted: numbers, UUIDs, ObjectIds, and Auth0's. */
const PLAIN_ID = /^(\d{1,20}|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{24}|[a-z0-9-]{2,24}\|[\w-]{1,64})$/i
/** An address, or one with characters that no mail goes to. */
const ADDRESS = /^[^\s"<>(),;:\\@]{1,64}@[\p{L}\p{N}-]+(\.[\p{L}\p{N}-]+)+$/u

/** The id and the address of a row, if they look like it. What does not may be a hash or a password in the wrong column. */
export function traces(id: unknown, email: unknown): Trace {
  const [old_id, address] = [idText(id), text(email)]
  const kept = idOf(old_id)
  const trimmed = typeof address === 'string' ? address.trim() : ''
  return {
    ...(kept !== null && { id: kept }),
    ...(old_id !== null && PLAIN_ID.test(old_id) && { old_id }),
    ...(ADDRESS.test(trimmed) && { email: trimmed }),
  }
}

/** An id in one spelling. A spreadsheet writes 5 as `5.0` if another row has none, and MySQL as `0005` with ZEROFILL. */
export function idText(cell: unknown): string | null {
  const value = identifier(cell)
  if (value === UNREADABLE) return null
  return /^0*([1-9]\d*)(?:\.0+)?$/.exec(value ?? '')?.[1] ?? value
}

/** The number that is kept for an id that `idText` gave, or null. */
export function idOf(text: string | null): number | null {
  const id = /^[1-9]\d{0,15}$/.test(text ?? '') ? Number(text) : 0
  return id > 0 && id <= MAX_ID ? id : null
}
