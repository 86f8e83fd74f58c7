import { describe, expect, it } from 'vitest'
import { randomId } from '../../src/lib/bytes.ts'
import { universalHash } from '../../src/lib/universal-hash.ts'

const TEXT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'
const MAX = 128
const hashOf = (hash: (text: string) => Uint32Array | undefined, text: string) => [...hash(text)!]

describe('the universal hash', () => {
  it('gives a text the same four values each time, and others under other keys', () => {
    const [one, other] = [universalHash(MAX), universalHash(MAX)]
    expect(hashOf(one, TEXT)).toEqual(hashOf(one, TEXT))
    for (const lane of [0, 1, 2, 3]) expect(one(TEXT)![lane]).not.toBe(other(TEXT)![lane])
  })

  it('has each lane notice a change of any character to any other, a character more, and one less', () => {
    const hash = universalHash(MAX)
    const before = hashOf(hash, TEXT)
    const others = [TEXT.slice(0, -1), `${TEXT}\0`, `${TEXT}=`, `\0${TEXT}`, '']
    for (let i = 0; i < TEXT.length; i++) {
      for (let unit = 0; unit < 128; unit++) {
        const other = TEXT.slice(0, i) + String.fromCharCode(unit) + TEXT.slice(i + 1)
        if (other !== TEXT) others.push(other)
      }
    }
    // One of these in a lane by chance: 6,000 times 4 of 2^25.
    const equal = others.map((other) => hashOf(hash, other).filter((value, lane) => value === before[lane]).length)
    expect(equal.filter((lanes) => lanes > 1)).toEqual([])
    expect(equal.filter((lanes) => lanes > 0).length).toBeLessThan(3)
  })

  it('tells two texts apart whose characters only changed places', () => {
    const hash = universalHash(MAX)
    expect(hashOf(hash, 'ab')).not.toEqual(hashOf(hash, 'ba'))
  })

  it('spreads tokens, whose ends nobody can tell from randomness, over all values', () => {
    const hash = universalHash(MAX)
    const buckets = Array<number>(16).fill(0)
    for (let i = 0; i < 16_000; i++) {
      const bucket = hash(TEXT + randomId(256))![0]! >>> 28
      buckets[bucket] = buckets[bucket]! + 1
    }
    for (const count of buckets) expect(count).toBeGreaterThan(500)
  })

  it('takes no text that is longer than its keys, and none beyond ASCII', () => {
    const hash = universalHash(MAX)
    expect(hash('x'.repeat(MAX))).toBeDefined()
    for (const text of ['x'.repeat(MAX + 1), `${TEXT}é`, `\u0141${TEXT}`, '\u{1f511}'])
      expect(hash(text)).toBeUndefined()
  })
})
