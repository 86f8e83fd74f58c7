import { describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { rememberedOf, rememberedTokens } from '../../src/core/remembered-tokens.ts'
import { LEGACY_SESSION } from '../../src/core/sessions.ts'

const verified = (more: { id?: string; expires_at?: number; not_before?: number } = {}) => ({
  session: { id: more.id ?? 'session', user_id: 1, auth_time: 0, expires_at: more.expires_at ?? 100, roles: ['admin'] },
  not_before: more.not_before ?? 10,
})

describe('the memory of verified tokens', () => {
  it('knows a token by its exact text', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified())
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
    for (const other of ['a.b.C', 'a.b.c ', 'a.b.', 'A.b.c', '']) expect(memory.find(other, 50)).toBeUndefined()
  })

  it('lets its times decide each time, and forgets it at its end', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified())
    expect([9, 10, 99].map((at) => memory.find('a.b.c', at)?.id)).toEqual([undefined, 'session', 'session'])
    expect(memory.find('a.b.c', 100)).toBeUndefined()
    expect([memory.size(), memory.characters()]).toEqual([0, 0])
  })

  it('keeps nothing that a handler does to its session', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified())
    const session = memory.find('a.b.c', 50)!
    session.roles.push('owner')
    session.user_id = 2
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
  })

  it('stays within its bounds under a flood of good tokens, and most of what it knew stays', () => {
    const memory = rememberedTokens(100, 10_000)
    for (let i = 0; i < 100; i++) memory.add(`known ${i}`, verified())
    for (let i = 0; i < 200; i++) memory.add(`flood ${i}`, verified())
    const known = Array.from({ length: 100 }, (_, i) => `known ${i}`).filter((token) => memory.find(token, 50))
    expect(memory.size()).toBe(100)
    expect(known.length).toBeGreaterThan(50)
    expect(known.length).toBeLessThan(100)
  })

  it('counts the characters, and forgets as many tokens as a longer one needs', () => {
    const memory = rememberedTokens(1_000, 2_000)
    for (let i = 0; i < 20; i++) memory.add(String(i).padEnd(100, '.'), verified())
    expect([memory.size(), memory.characters()]).toEqual([20, 2_000])
    for (let i = 0; i < 200; i++) memory.add(`long ${i}`.padEnd(1_000, '.'), verified())
    expect(memory.size()).toBeLessThan(20)
    expect(memory.characters()).toBeLessThanOrEqual(2_000)
  })

  it('finds each of many after any others were forgotten', () => {
    const memory = rememberedTokens()
    for (let i = 0; i < 500; i++) memory.add(`token ${i}`, verified({ id: `${i}`, expires_at: i % 3 ? 100 : 60 }))
    for (let i = 0; i < 500; i++) expect(memory.find(`token ${i}`, 70)?.id).toBe(i % 3 ? `${i}` : undefined)
    for (let i = 0; i < 500; i++) expect(memory.find(`token ${i}`, 50)?.id).toBe(i % 3 ? `${i}` : undefined)
  })

  it('keeps no token that is very long, and none of the old application', () => {
    const memory = rememberedTokens()
    memory.add('x'.repeat(1_025), verified())
    memory.add('a.b.c', verified({ id: LEGACY_SESSION }))
    expect(memory.size()).toBe(0)
  })

  it('is another one for another configuration', () => {
    const secrets = { JWT_SECRET_KEY: 'only-for-tests: the key that signs access tokens' }
    const [one, other] = [config({ ...secrets }), config({ ...secrets, JWT_ISSUER: 'other' })]
    rememberedOf(one).add('a.b.c', verified())
    expect(rememberedOf(one).find('a.b.c', 50)).toBeDefined()
    expect(rememberedOf(other).find('a.b.c', 50)).toBeUndefined()
  })
})
