const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * JSON from bytes, strictly: ill-formed UTF-8 and repeated member names are errors, where `JSON.parse` would
 * silently make two different inputs equal (RFC 8259 sections 4 and 8.1).
 * @throws SyntaxError
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes)
    const value: unknown = JSON.parse(text)
    if (membersIn(text) === membersOf(value)) return value
  } catch {
    // RangeError (too deep), TypeError (not UTF-8) and SyntaxError are one thing to the caller.
  }
  throw new SyntaxError('not strict JSON')
}

const [QUOTE, COLON, BACKSLASH] = [0x22, 0x3a, 0x5c]

/** Members in the text of a document that is known to be JSON: each has the one colon that stands outside of strings. */
function membersIn(text: string): number {
  let [count, inString] = [0, false]
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === QUOTE) inString = !inString
    else if (!inString) count += Number(unit === COLON)
    else if (unit === BACKSLASH) i++ // whatever is escaped ends no string
  }
  return count
}

function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children = Object.values(value)
  return children.reduce((sum: number, child) => sum + membersOf(child), Array.isArray(value) ? 0 : children.length)
}
