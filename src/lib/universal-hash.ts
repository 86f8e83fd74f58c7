/** Gives four values of 32 bits, or undefined where a text is not ASCII or too long. They stand until the next text comes. */
export type UniversalHash = (text: string) => Uint32Array | undefined

/**
 * A hash under random keys of its own. Value n is the sum of each character's code plus one times the key of its position
 * in lane n, modulo 2^32: multilinear hashing, almost universal in the sense of Carter and Wegman ("Universal Classes of
 * Hash Functions", 1979).
 *
 * Two texts, whoever chose them, agree in one value once in 2^25 times, as long as nobody knows the keys: look at a position
 * where they differ. The factors there differ by at most 128, so at most 2^7 of the 2^32 keys make up for whatever the other
 * positions came to. Each lane has keys of its own, so they agree in all four once in 2^100 times.
 *
 * To be made inside a request: the platform gives no randomness before.
 */
export function universalHash(maxLength: number): UniversalHash {
  const keys = crypto.getRandomValues(new Int32Array(4 * maxLength))
  const values = new Uint32Array(4)
  return (text) => {
    if (text.length > maxLength) return undefined
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    let seen = 0
    for (let i = 0, key = 0; i < text.length; i++, key += 4) {
      const unit = text.charCodeAt(i)
      seen |= unit
      // Written out: a loop over the lanes takes twice as long.
      a = (a + Math.imul(unit + 1, keys[key]!)) | 0
      b = (b + Math.imul(unit + 1, keys[key + 1]!)) | 0
      c = (c + Math.imul(unit + 1, keys[key + 2]!)) | 0
      d = (d + Math.imul(unit + 1, keys[key + 3]!)) | 0
    }
    values[0] = a
    values[1] = b
    values[2] = c
    values[3] = d
    return seen > 127 ? undefined : values
  }
}
