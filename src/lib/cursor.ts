import { base64url, fromBase64url, utf8 } from './bytes.ts'

/** Where a page of a list ended, as text that its reader hands back and need not understand: JSON as base64url. */
export const cursorAt = (key: unknown): string => base64url(utf8(JSON.stringify(key)))

/** What `cursorAt` was given; undefined for text that it did not make. Not signed: it says where to go on, no more. */
export function keyAt(cursor: string): unknown {
  try {
    const key: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64url(cursor)),
    )
    return cursorAt(key) === cursor ? key : undefined
  } catch {
    return undefined
  }
}

type Page<T> = { rows: T[]; next: string | null }

/** The page among rows that were asked for with one more than its limit, and the cursor to what follows, if anything does. */
export function pageOf<T>(found: T[], limit: number, keyOf: (row: T) => unknown): Page<T> {
  const rows = found.slice(0, limit)
  return { rows, next: found.length > limit ? cursorAt(keyOf(rows.at(-1)!)) : null }
}
