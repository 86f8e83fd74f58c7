import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { deleteUser, disableUser, setRoles } from '../../src/core/administration.ts'
import { eventsOf } from '../accounts.ts'
import { freshDatabase, insertUser, now } from '../support.ts'

freshDatabase()

/** As the command line acts: nobody has to be an admin for it. */
const BY = { ip: null, country: null, user_agent: null, language: 'en', request_id: 'test', actor: 'cli:test' } as const

const withRoles = async (roles: string[], row: Parameters<typeof insertUser>[0] = {}): Promise<number> => {
  const { id } = await insertUser({ hashed_password: null, ...row })
  await env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(JSON.stringify(roles), id).run()
  return id
}

const ways: [string, (id: number) => Promise<unknown>][] = [
  ['disabled', (id) => disableUser(env.DB, id, BY, now())],
  ['demoted', (id) => setRoles(env.DB, id, ['editor'], BY, now())],
  ['deleted', (id) => deleteUser(env.DB, id, BY, now())],
]

describe('where nobody else administers', () => {
  beforeEach(async () => {
    await env.DB.prepare(`UPDATE users SET roles = '[]'`).run()
  })

  it.each(ways)('the one admin is not %s, though others have other roles', async (_what, change) => {
    await withRoles(['editor', 'administrator'])
    const id = await withRoles(['admin', 'editor'])
    await expect(change(id)).rejects.toMatchObject({ code: 'last_admin' })
    expect(await eventsOf(id)).toEqual([])
  })

  it.each([
    ['is none', ['editor', 'administrator'], {}],
    ['is disabled already', ['admin'], { disabled_at: 1 }],
    ['never confirmed the address', ['admin'], { email_verified: 0 }],
  ])('whoever %s may be disabled, demoted and deleted', async (_how, roles, row) => {
    for (const [what, change] of ways) {
      const id = await withRoles(roles, row)
      await change(id)
      const wasSo = what === 'disabled' && 'disabled_at' in row
      expect(await eventsOf(id)).toHaveLength(wasSo ? 0 : 1)
    }
  })
})
