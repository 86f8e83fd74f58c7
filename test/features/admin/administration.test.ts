import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { deleteUserRow } from '../../../src/features/admin/delete.ts'
import { disableUser } from '../../../src/features/admin/disable.ts'
import { adjustRoles, setRoles } from '../../../src/features/admin/roles.ts'
import { callBy, eventsOf, freshDatabase, insertUser } from '../../support.ts'

freshDatabase()

/** As the command line acts: nobody has to be an admin for it. */
const command = () => callBy({ actor: 'cli:test' })

const withRoles = async (roles: string[], row: Parameters<typeof insertUser>[0] = {}): Promise<number> => {
  const { id } = await insertUser({ hashed_password: null, ...row })
  await env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(JSON.stringify(roles), id).run()
  return id
}

const ways: [string, (id: number) => Promise<unknown>][] = [
  ['disabled', (id) => disableUser(command(), id)],
  ['adjusted', (id) => adjustRoles(command(), { id, add: ['editor'], remove: ['admin'] })],
  ['demoted', (id) => setRoles(command(), { id, roles: ['editor'] })],
  ['deleted', (id) => deleteUserRow(command(), id)],
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

describe('roles that are given and taken', () => {
  const rolesOf = (id: number) => env.DB.prepare('SELECT roles FROM users WHERE id = ?').bind(id).first<string>('roles')

  it("by fifty at once lose nobody's change, and no role comes back", async () => {
    const id = await withRoles(['admin', 'old'])
    await withRoles(['admin'])
    const names = Array.from({ length: 48 }, (_, i) => `role-${i}`)
    await Promise.all([
      adjustRoles(command(), { id, add: [], remove: ['admin', 'old'] }),
      ...names.map((name) => adjustRoles(command(), { id, add: [name], remove: [] })),
      adjustRoles(command(), { id, add: [], remove: ['role-that-is-not-there'] }),
    ])
    expect(JSON.parse((await rolesOf(id))!)).toEqual(names.sort())
    expect(await eventsOf(id)).toHaveLength(49)
  })

  it('are each there once, in one order; twice is the same as once', async () => {
    const id = await withRoles(['b'])
    for (let i = 0; i < 2; i++) await adjustRoles(command(), { id, add: ['b', 'a', 'a'], remove: [] })
    expect(await rolesOf(id)).toBe('["a","b"]')
    await adjustRoles(command(), { id, add: ['c'], remove: ['a', 'b', 'c'] })
    expect(await rolesOf(id)).toBe('[]')
  })
})
