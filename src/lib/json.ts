const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses JSON strictly: ill-formed UTF-8 and repeated member names are errors. `JSON.parse` would silently make two
 * different inputs equal (RFC 8259 sections 4 and 8.1).
 * @throws SyntaxError
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (!hasRepeatedMembers(text, value)) return value
  } catch {
    // RangeError (too deep), TypeError (not UTF-8) and SyntaxError are the same to the caller.
  }
  throw new SyntaxError('not strict JSON')
}

/** Whether an object in `text` repeats a member name, so that `JSON.parse` dropped one from `value`. */
export const hasRepeatedMembers = (text: string, value: unknown): boolean => namesIn(text) !== membersOf(value)

/** A JSON string, with the following colon if it is a member name. */
const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?/g

/** The number of member names in a text that is known to be JSON. */
const namesIn = (text: string): number => [...text.matchAll(STRING)].filter(([, colon]) => colon !== undefined).length

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children = Object.values(value)
  return children.reduce((sum: number, child) => sum + membersOf(child), Array.isArray(value) ? 0 : children.length)
}
