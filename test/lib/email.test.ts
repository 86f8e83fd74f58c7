import { describe, expect, it } from 'vitest'
import { asciiLower, canonicalEmail } from '../../src/lib/email.ts'

describe('canonicalEmail', () => {
  it.each([
    ['A@B.C', 'a@b.c'],
    ['a@한국.kr', 'a@xn--3e0b707e.kr'],
    ['a@XN--3E0B707E.KR', 'a@xn--3e0b707e.kr'],
    ['\u212A@example.com', '\u212A@example.com'],
    ['a@exa mple.\u00e9', 'a@exa mple.\u00e9'],
    ['a@é/../b', 'a@é/../b'],
    ['no address', 'no address'],
    ['a\uff20example.com', 'a\uff20example.com'],
    ['', ''],
  ])('%s -> %s', (email, canonical) => {
    expect(canonicalEmail(email)).toBe(canonical)
    expect(canonicalEmail(canonical)).toBe(canonical)
    expect(asciiLower(canonical)).toBe(canonical)
  })
})
