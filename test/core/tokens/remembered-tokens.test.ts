import { describe, expect, it } from 'vitest'
import { config } from '../../../src/config.ts'
import { rememberedOf, rememberedTokens } from '../../../src/core/tokens/remembered-tokens.ts'
import { LEGACY_SESSION } from '../../../src/core/sessions/session.ts'

const verified = (more: { id?: string; expires_at?: number; not_before?: number } = {}) => ({
  session: {
    id: more.id ?? 'session',
    user_id: 1,
    auth_time: 0,
    expires_at: more.expires_at ?? 100,
    roles: ['admin'],
    acr: 'aal1' as const,
  },
  not_before: more.not_before ?? 10,
})

describe('the memory of verified tokens', () => {
  it('knows a token by its exact text', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified())
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
    for (const other of ['a.b.C', 'a.b.c ', 'a.b.c\0', 'a.b.', 'A.b.c', 'a.c.b', ''])
      expect(memory.find(other, 50)).toBeUndefined()
  })

  it('checks the times of a token whenever it is used', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified())
    const found = [9, 10, 99, 100, 50].map((at) => memory.find('a.b.c', at)?.id)
    expect(found).toEqual([undefined, 'session', 'session', undefined, 'session'])
  })

  it('keeps nothing that a handler does to its session', () => {
    const memory = rememberedTokens()
    const added = verified()
    memory.add('a.b.c', added)
    for (const session of [added.session, memory.find('a.b.c', 50)!]) {
      session.roles.push('owner')
      session.user_id = 2
    }
    expect(memory.find('a.b.c', 50)).toEqual(verified().session)
  })

  it('holds no more characters than it may, and forgets all of them when it is full', () => {
    const memory = rememberedTokens(100)
    for (let i = 0; i < 20; i++) memory.add(`token ${10 + i}.`, verified({ id: String(i) }))
    expect(memory.size()).toBe(9)
    expect(memory.find('token 20.', 50)).toBeUndefined()
    for (let i = 11; i < 20; i++) expect(memory.find(`token ${10 + i}.`, 50)?.id).toBe(String(i))
  })

  it('takes one place for a token, however many requests verified it at once', () => {
    const memory = rememberedTokens()
    for (let i = 0; i < 20; i++) memory.add('a.b.c', verified())
    expect(memory.size()).toBe(1)
  })

  it('keeps none of the old application', () => {
    const memory = rememberedTokens()
    memory.add('a.b.c', verified({ id: LEGACY_SESSION }))
    expect(memory.size()).toBe(0)
  })

  it('is separate for each configuration', () => {
    const secrets = { JWT_SECRET_KEY: 'only-for-tests: the key that signs access tokens' }
    const [one, other] = [config({ ...secrets }), config({ ...secrets, JWT_ISSUER: 'other' })]
    rememberedOf(one).add('a.b.c', verified())
    expect(rememberedOf(one).find('a.b.c', 50)).toBeDefined()
    expect(rememberedOf(other).find('a.b.c', 50)).toBeUndefined()
  })
})
