import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { config } from '../../src/config.ts'
import { cleanUp } from '../../src/core/cleanup.ts'
import type { Feature } from '../../src/core/call.ts'
import { everythingAbout } from '../../src/features/account/queries.ts'
import { sql } from '../../src/lib/sql.ts'
import { callBy, ENV, freshDatabase, type Member, member, now } from '../support.ts'

freshDatabase()

const pins: Feature = {
  name: 'pins',
  holds: { pins: (user_id) => sql`SELECT text FROM pins WHERE user_id = ${user_id} ORDER BY text` },
  expires: ({ now }) => [sql`DELETE FROM pins WHERE until <= ${now}`],
}
const silent: Feature = { name: 'silent' }

beforeAll(async () => {
  await env.DB.prepare('CREATE TABLE pins (user_id INTEGER, text TEXT, until INTEGER)').run()
})

const pin = (user_id: number, text: string, until: number) =>
  env.DB.prepare('INSERT INTO pins VALUES (?, ?, ?)').bind(user_id, text, until).run()

/** A call of somebody, where these features are all that there are. */
function asked({ id, sid }: Member, ...features: Feature[]) {
  const call = callBy()
  const session = { id: sid, user_id: id, auth_time: now(), expires_at: now() + 60, roles: [], acr: 'aal1' as const }
  return { ...call, session, registry: { ...call.registry, features } }
}

describe('a feature', () => {
  it('says what it holds about a person, under its own name', async () => {
    const [ann, bob] = [await member(), await member()]
    await pin(ann.id, 'b', now() + 60)
    await pin(ann.id, 'a', now() + 60)
    await pin(bob.id, 'c', now() + 60)
    const everything = await everythingAbout(asked(ann, silent, pins))
    expect(everything).toMatchObject({ user: { email: ann.email }, pins: [{ text: 'a' }, { text: 'b' }] })
  })

  it('cannot hide what the account itself holds', async () => {
    const ann = await member()
    const greedy: Feature = { name: 'greedy', holds: { user: () => sql`SELECT 1 AS one` } }
    expect(await everythingAbout(asked(ann, greedy))).toMatchObject({ user: { email: ann.email } })
  })

  it('says what of it has expired, and what another gets wrong does not keep it', async () => {
    const ann = await member()
    await pin(ann.id, 'old', now() - 1)
    await pin(ann.id, 'new', now() + 60)
    const wrong: Feature = { name: 'wrong', expires: () => [sql`DELETE FROM nowhere`] }
    const broken: Feature = {
      name: 'broken',
      expires: () => {
        throw new TypeError('no such setting')
      },
    }
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    const cleaning = cleanUp(env.DB, config(ENV), now(), [wrong, broken, silent, pins])
    await expect(cleaning).rejects.toThrow('unavailable')
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown)).toEqual([
      { level: 'error', code: 'expires_failed', feature: 'broken', reason: 'TypeError: no such setting' },
      {
        level: 'error',
        code: 'expires_failed',
        feature: 'wrong',
        reason: expect.stringContaining('no such table: nowhere'),
      },
    ])
    log.mockRestore()
    const { results } = await env.DB.prepare('SELECT text FROM pins WHERE user_id = ?').bind(ann.id).all()
    expect(results).toEqual([{ text: 'new' }])
  })
})
