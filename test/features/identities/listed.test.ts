import { describe, expect, it } from 'vitest'
import {
  administrator,
  bearer,
  call,
  eventsOf,
  freshDatabase,
  member,
  type Member,
  open,
  run,
  subjectsTo,
} from '../../support.ts'
import { words } from '../../words.ts'

freshDatabase()

let serial = 0

/** A user with a connected account. */
async function connected(provider = 'kakao'): Promise<Member & { identity: string }> {
  const user = await member()
  const identity = `i${++serial}`
  await run(
    'INSERT INTO identities (id, issuer, subject, user_id, provider, email, created_at) VALUES (?, ?, ?, ?, ?, ?, 100)',
    identity,
    `https://${provider}.example`,
    identity,
    user.id,
    provider,
    `elsewhere${serial}@example.com`,
  )
  return { ...user, identity }
}

const factorsFor = async (path: string, token: string) =>
  (await call('GET', path, bearer(token))).json<{ factors: { id: string; type: string; name: string }[] }>()

describe('a connected account', () => {
  it('is no factor of its owner, and offers no second step', async () => {
    const user = await connected()
    expect(await factorsFor('/user/factors', user.token)).toEqual({ factors: [], recovery_codes_left: 0 })
    const html = await (await open('/account/security', user.token)).text()
    expect(html).toContain(words.en.factors.none)
    expect(html).not.toContain(words.en.factors.twoSteps)
  })

  it('is listed for administrators with the name of its provider, and removed by them alone', async () => {
    const [admin, user, other] = [await administrator(), await connected('github'), await connected('oidc')]
    const path = (id: number) => `/admin/users/${id}/factors`
    expect((await factorsFor(path(user.id), admin.token)).factors).toEqual([
      {
        id: user.identity,
        type: 'identity',
        name: expect.stringMatching(/^GitHub \(/),
        created_at: 100,
        last_used_at: null,
      },
    ])
    expect((await factorsFor(path(other.id), admin.token)).factors[0]!.name).toMatch(/^OpenID \(/)
    expect((await call('DELETE', `${path(user.id)}/${other.identity}`, bearer(admin.token))).status).toBe(404)
    expect((await call('DELETE', `${path(user.id)}/${user.identity}`, bearer(other.token))).status).toBe(403)
    expect((await call('DELETE', `${path(user.id)}/${user.identity}`, bearer(admin.token))).status).toBe(204)
    expect((await factorsFor(path(user.id), admin.token)).factors).toEqual([])
    expect((await factorsFor(path(other.id), admin.token)).factors).toHaveLength(1)
    expect((await eventsOf(user.id)).slice(-1)).toEqual(['factors_removed'])
    expect(subjectsTo(user.email)).toEqual([expect.stringContaining('A way to sign in was removed')])
    expect((await call('GET', '/user/me', bearer(user.token))).status).toBe(401)
  })
})
