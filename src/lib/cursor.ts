import { base64url, fromBase64url, utf8 } from './bytes.ts'

/** The position where a page of a list ended, as opaque text: JSON in base64url. */
export const cursorAt = (key: unknown): string => base64url(utf8(JSON.stringify(key)))

/**
 * The key that `cursorAt` encoded; undefined for any other text. Not signed, because it says only where to continue.
 */
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

/** One page of rows, and the cursor to the next page, if there is one. Query one row more than `limit`. */
export function pageOf<T>(found: T[], limit: number, keyOf: (row: T) => unknown): Page<T> {
  const rows = found.slice(0, limit)
  return { rows, next: found.length > limit ? cursorAt(keyOf(rows.at(-1)!)) : null }
}
