import { describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { PLACES, rememberedOf, rememberedTokens } from '../../src/core/remembered-tokens.ts'
import { LEGACY_SESSION } from '../../src/core/sessions.ts'
import { randomId } from '../../src/lib/bytes.ts'

const verified = (more: { id?: string; expires_at?: number; not_before?: number } = {}) => ({
  session: { id: more.id ?? 'session', user_id: 1, auth_time: 0, expires_at: more.expires_at ?? 100, roles: ['admin'] },
  not_before: more.not_before ?? 10,
})

/** When tokens are added. */
const NOW = 40

/** Texts that end as tokens do: with a signature, which nobody can tell from randomness. */
const tokens = (count: number): string[] => Array.from({ length: count }, (_, i) => `token.${i}.${randomId(256)}`)

describe('the memory of verified tokens', () => {
  it('knows a token by its exact text', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified(), NOW)
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
    for (const other of ['a.b.C', 'a.b.c ', 'a.b.c\0', 'a.b.', 'A.b.c', 'a.c.b', ''])
      expect(memory.find(other, 50)).toBeUndefined()
  })

  it('lets its times decide each time', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified(), NOW)
    const found = [9, 10, 99, 100, 50].map((at) => memory.find('a.b.c', at)?.id)
    expect(found).toEqual([undefined, 'session', 'session', undefined, 'session'])
  })

  it('keeps nothing that a handler does to its session', () => {
    const memory = rememberedTokens()
    const added = verified()
    memory.add('a.b.c', added, NOW)
    memory.add('another with the same roles', verified(), NOW)
    for (const session of [added.session, memory.find('a.b.c', 50)!]) {
      session.roles.push('owner')
      session.user_id = 2
    }
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
    expect(memory.find('another with the same roles', 50)).toEqual(verified().session)
  })

  it('takes no more places than it has under a flood of good tokens, and most of what it knew stays', () => {
    const memory = rememberedTokens(256)
    const [known, flood] = [tokens(150), tokens(600)]
    for (const token of [...known, ...flood]) memory.add(token, verified(), NOW)
    const left = known.filter((token) => memory.find(token, 50))
    expect(memory.size()).toBeGreaterThan(240)
    expect(memory.size()).toBeLessThanOrEqual(256)
    expect(left.length).toBeGreaterThan(75)
    expect(left.length).toBeLessThan(150)
  })

  it('gives the place of a token that has expired to the next one that needs it', () => {
    const memory = rememberedTokens(8)
    for (let i = 0; i < 8; i++) memory.add(`short ${i}`, verified({ expires_at: 60 }), NOW)
    for (let i = 0; i < 8; i++) memory.add(`long ${i}`, verified({ id: String(i) }), 60)
    expect(memory.size()).toBe(8)
    for (let i = 0; i < 8; i++) expect(memory.find(`long ${i}`, 60)?.id).toBe(String(i))
  })

  it('takes one place for a token, however many requests verified it at once', () => {
    const memory = rememberedTokens(8)
    for (let i = 0; i < 20; i++) memory.add('a.b.c', verified(), NOW)
    expect(memory.size()).toBe(1)
  })

  it('finds nine in ten of a hundred thousand, each with its own session', () => {
    const memory = rememberedTokens()
    const all = tokens(100_000)
    for (const token of all) memory.add(token, verified({ id: token }), NOW)
    const found = all.map((token) => [token, memory.find(token, 50)?.id]).filter(([, seen]) => seen !== undefined)
    expect(found.filter(([token, seen]) => token !== seen)).toEqual([])
    expect(found.length).toBeGreaterThan(90_000)
    expect(memory.size()).toBeLessThanOrEqual(PLACES)
  })

  it('keeps no token that is very long, or not ASCII, and none of the old application', () => {
    const memory = rememberedTokens()
    for (const token of ['x'.repeat(641), 'a.b.\u00e9']) memory.add(token, verified(), NOW)
    memory.add('a.b.c', verified({ id: LEGACY_SESSION }), NOW)
    expect(memory.size()).toBe(0)
  })

  it('keeps a thousand different lists of roles, and of a token with yet another one nothing', () => {
    const memory = rememberedTokens()
    const all = tokens(1_002)
    for (const [i, token] of all.entries())
      memory.add(
        token,
        { ...verified(), session: { ...verified().session, roles: [`role ${Math.min(i, 1_000)}`] } },
        NOW,
      )
    expect(memory.find(all[999]!, 50)?.roles).toEqual(['role 999'])
    expect(memory.find(all[1_000]!, 50)).toBeUndefined()
    memory.add(all[1_001]!, verified(), NOW)
    expect(memory.find(all[1_001]!, 50)).toBeUndefined()
  })

  it('is another one for another configuration', () => {
    const secrets = { JWT_SECRET_KEY: 'only-for-tests: the key that signs access tokens' }
    const [one, other] = [config({ ...secrets }), config({ ...secrets, JWT_ISSUER: 'other' })]
    rememberedOf(one).add('a.b.c', verified(), NOW)
    expect(rememberedOf(one).find('a.b.c', 50)).toBeDefined()
    expect(rememberedOf(other).find('a.b.c', 50)).toBeUndefined()
  })
})
