import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { appOf, features } from '../../src/app.ts'
import type { Call, Method } from '../../src/core/call.ts'
import { batch } from '../../src/core/d1.ts'
import type { Mail } from '../../src/core/mail/compose.ts'
import { factor, undoableMail, undoPage } from '../../src/core/users/undo.ts'
import { planOf } from '../../src/features/undo/queries.ts'
import { undo } from '../../src/features/undo/undo.ts'
import { sql } from '../../src/lib/sql.ts'
import {
  ENV,
  bearer,
  call,
  callBy,
  callIn,
  clock,
  enrolApp,
  eventsOf,
  freshDatabase,
  keyHolder,
  mailedCode,
  mailedToken,
  member,
  nobody,
  now,
  run,
  runCron,
  signInWith,
  subjectsTo,
  userAt,
} from '../support.ts'
import { deliverMail } from '../../src/core/mail/mailer.ts'
import { config } from '../../src/config.ts'

freshDatabase()

/** A factor as a feature that nobody knows would bring it. */
const key = {
  name: 'key',
  kind: 'have',
  amr: [],
  ways: sql`(SELECT count(*) FROM keys WHERE user_id = users.id)`,
  show: () => Promise.reject(new Error('nobody asks')),
  factors: {
    label: { en: 'Key', ko: '열쇠' },
    list: (user_id) =>
      sql`SELECT id, NULL AS name, created_at, NULL AS last_used_at FROM keys WHERE user_id = ${user_id} ORDER BY created_at`,
    owners: sql`SELECT user_id FROM keys`,
    remove: (user_id, id) => sql`DELETE FROM keys WHERE user_id = ${user_id} AND id IN (${id ?? sql`id`}) RETURNING id`,
  },
} satisfies Method
const words = { subject: 'A key', lines: ['A key was added at {app}, or removed.'] }
const mailOf = (kind: string): Mail => ({ kind, words: { en: words, ko: words }, details: true, link: undoPage })
const told = { added: mailOf('key_added'), removed: mailOf('key_removed') }
const keys = { name: 'keys', methods: [key], mails: { keyAdded: told.added, keyRemoved: told.removed } }
const { registry } = appOf([...features, keys])

beforeAll(() =>
  batch(env.DB, [
    sql`CREATE TABLE keys (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
      created_at INTEGER NOT NULL) STRICT`,
    sql`CREATE TRIGGER keys_added AFTER INSERT ON keys
      BEGIN UPDATE users SET epoch = epoch + 1 WHERE id = NEW.user_id; END`,
    sql`CREATE TRIGGER keys_removed AFTER DELETE ON keys
      BEGIN UPDATE users SET epoch = epoch + 1 WHERE id = OLD.user_id; END`,
  ]),
)

const asked = (own: Env = ENV): Call => ({ ...callBy({ own }), registry })

/** Mails what waits, and gives the token of the newest mail to an address. */
async function tokenFor(email: string): Promise<string> {
  await deliverMail(ENV, config(ENV), now(), registry.features)
  return mailedToken(email)
}

type Owner = { id: number; email: string }

/** Adds a key, as its feature would: with the notice, in one batch. Returns the token of the link. */
async function add({ id, email }: Owner, name: string): Promise<string> {
  const call = asked()
  await batch(env.DB, [
    sql`INSERT INTO keys (id, user_id, created_at) VALUES (${name}, ${id}, ${call.now})`,
    sql`UPDATE users SET second_factor = 1 WHERE id = ${id}`,
    ...(await undoableMail(call, told.added, sql`id = ${id}`, 'factor_added', factor('key', name))),
  ])
  return tokenFor(email)
}

async function remove({ id, email }: Owner, name: string): Promise<string> {
  const call = asked()
  await batch(env.DB, [
    key.factors.remove(id, name),
    ...(await undoableMail(call, told.removed, sql`id = ${id}`, 'factor_removed')),
  ])
  return tokenFor(email)
}

const keysOf = async ({ id }: Owner) =>
  (
    await env.DB.prepare('SELECT id FROM keys WHERE user_id = ? ORDER BY id').bind(id).all<{ id: string }>()
  ).results.map((row) => row.id)
const asksForTwo = async ({ email }: Owner) =>
  ((await userAt(email)) as unknown as { second_factor: number }).second_factor === 1

const DAY = 86_400
const code = (error: string) => ({ code: error })

describe('the undo of a new factor', () => {
  it('removes it within 24 hours of its enrolment, and nobody is asked for it any more', async () => {
    const user = await member()
    const token = await add(user, 'a1')
    clock.forward(DAY - 1)
    expect(await undo(asked(), token)).toEqual({ email_restored: false, factors_removed: 1, factor_stays: false })
    expect(await keysOf(user)).toEqual([])
    expect(await asksForTwo(user)).toBe(false)
    expect(await userAt(user.email)).toMatchObject({ hashed_password: null })
  })

  it('leaves it after 24 hours, and says so: a stolen mailbox takes away no factor that protects', async () => {
    const user = await member()
    const token = await add(user, 'b1')
    clock.forward(DAY)
    expect(await planOf(asked(), token)).toMatchObject({ removes: [], stays: true })
    expect(await undo(asked(), token)).toEqual({ email_restored: false, factors_removed: 0, factor_stays: true })
    expect(await keysOf(user)).toEqual(['b1'])
    expect(await asksForTwo(user)).toBe(true)
  })

  it('leaves the factors of before, and keeps asking for them', async () => {
    const user = await member()
    await add(user, 'c1')
    clock.forward(60)
    const token = await add(user, 'c2')
    await run('INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)', user.id, 'c'.repeat(43))
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 1, factor_stays: false })
    expect(await keysOf(user)).toEqual(['c1'])
    expect(await asksForTwo(user)).toBe(true)
    // Whoever added the key has seen them.
    const codes = env.DB.prepare('SELECT count(*) AS n FROM recovery_codes WHERE user_id = ?').bind(user.id)
    expect(await codes.first('n')).toBe(0)
  })

  it('is done by an earlier link, too, which may be the one that the owner finds', async () => {
    const user = await member()
    const call = asked()
    await batch(env.DB, await undoableMail(call, told.removed, sql`id = ${user.id}`, 'new_device'))
    const token = await tokenFor(user.email)
    clock.forward(DAY)
    const later = await add(user, 'd1')
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 1 })
    expect(await keysOf(user)).toEqual([])
    await expect(undo(asked(), later)).rejects.toMatchObject(code('invalid_one_time_token'))
  })

  it('does nothing to a factor that is gone, nor to another one of the same account', async () => {
    const user = await member()
    const token = await add(user, 'e1')
    await remove(user, 'e1')
    await run('INSERT INTO keys (id, user_id, created_at) VALUES (?, ?, 1)', 'e2', user.id)
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 0, factor_stays: false })
    expect(await keysOf(user)).toEqual(['e2'])
  })

  it('never reaches into another account', async () => {
    const [user, other] = [await member(), await member()]
    const token = await add(user, 'f1')
    await run('UPDATE keys SET user_id = ? WHERE id = ?', other.id, 'f1')
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 0 })
    expect(await keysOf(other)).toEqual(['f1'])
  })

  it('sees a factor that is added in the moment of the undo', async () => {
    const user = await member()
    const token = await add(user, 'g1')
    let adds = 1
    const DB = new Proxy(env.DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'batch') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        return async (statements: D1PreparedStatement[]) => {
          if (statements.length > 5 && adds-- > 0) await add(user, 'g2')
          return target.batch(statements)
        }
      },
    })
    expect(await undo(asked({ ...ENV, DB } as Env), token)).toMatchObject({ factors_removed: 2 })
    expect(await keysOf(user)).toEqual([])
  })

  it('cannot be prevented by whoever adds factors without end', async () => {
    const user = await member()
    const token = await add(user, 'i0')
    let adds = 0
    const DB = new Proxy(env.DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'batch') return typeof value === 'function' ? (value.bind(target) as unknown) : value
        return async (statements: D1PreparedStatement[]) => {
          if (statements.length > 5) await add(user, `i${++adds}`)
          return target.batch(statements)
        }
      },
    })
    expect(await undo(asked({ ...ENV, DB } as Env), token)).toMatchObject({ factors_removed: 1 + adds })
    expect(adds).toBe(1)
    expect(await keysOf(user)).toEqual([])
  })

  it('is in the trail and told to the webhook, once for all of them, and only if there are any', async () => {
    const user = await member()
    await add(user, 'j1')
    expect(await undo(asked(), await add(user, 'j2'))).toMatchObject({ factors_removed: 1 })
    const token = await remove(user, 'j1')
    await undo(asked(), token)
    expect((await eventsOf(user.id)).filter((event) => event === 'factors_removed')).toHaveLength(1)
    const published = 'SELECT count(*) AS n FROM webhook_outbox WHERE user_id = ? AND type = ?'
    expect(await env.DB.prepare(published).bind(user.id, 'factors.removed').first('n')).toBe(1)
  })
})

describe('the undo of a removed factor', () => {
  it('ends sessions and leads to a reset: the factor does not come back', async () => {
    const user = await member()
    await add(user, 'h1')
    clock.forward(60)
    const token = await remove(user, 'h1')
    expect(await planOf(asked(), token)).toMatchObject({ link: { what: 'factor_removed' }, removes: [], stays: false })
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 0, factor_stays: false })
    expect(await keysOf(user)).toEqual([])
    await runCron()
  })
})

describe('the factors that come with Latchkey', () => {
  const undoneBy = async (email: string) => {
    const answer = await call('POST', '/user/undo', { json: { token: mailedToken(email) } })
    expect(answer.status).toBe(200)
    return answer.json()
  }
  const countOf = (table: string, user_id: number) =>
    env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE user_id = ?`).bind(user_id).first<number>('n')

  it('are told and undone: an authenticator app, with its recovery codes', async () => {
    const user = await member()
    await enrolApp(user)
    expect(subjectsTo(user.email)).toEqual(['An authenticator app was added'])
    expect(await undoneBy(user.email)).toMatchObject({ factors_removed: 1, factor_stays: false })
    expect([await countOf('totp', user.id), await countOf('recovery_codes', user.id)]).toEqual([0, 0])
    expect(await asksForTwo(user)).toBe(false)
  })

  it('are told and undone: a passkey, which opens nothing then', async () => {
    const user = await keyHolder()
    expect((await signInWith(user.passkey)).status).toBe(200)
    expect(await undoneBy(user.email)).toMatchObject({ factors_removed: 1, factor_stays: false })
    expect(await countOf('passkeys', user.id)).toBe(0)
    expect((await signInWith(user.passkey)).status).toBe(401)
  })

  it('stay after 24 hours, and are still asked for', async () => {
    const user = await member()
    await enrolApp(user)
    clock.forward(DAY)
    expect(await undoneBy(user.email)).toMatchObject({ factors_removed: 0, factor_stays: true })
    expect(await countOf('totp', user.id)).toBe(1)
    expect(await asksForTwo(user)).toBe(true)
  })

  /** A key holder to whom a new device is reported. Returns the token of the notice. */
  const reported = async ({ id, email }: Owner) => {
    await batch(env.DB, await undoableMail(asked(), told.removed, sql`id = ${id}`, 'new_device'))
    return tokenFor(email)
  }
  const turn = async (token: string) => {
    const answer = await call('PUT', '/user/second-factor', { ...bearer(token), json: { on: true } })
    expect(answer.status).toBe(200)
  }

  it('are asked for no more if that was turned on since then, and its recovery codes are void', async () => {
    const user = await keyHolder()
    clock.forward(60)
    const token = await reported(user)
    clock.forward(60)
    await turn(user.token)
    expect(await undo(asked(), token)).toMatchObject({ factors_removed: 0 })
    expect(await asksForTwo(user)).toBe(false)
    expect([await countOf('passkeys', user.id), await countOf('recovery_codes', user.id)]).toEqual([1, 0])
  })

  it('are still asked for after 24 hours, but codes that were made since then are void', async () => {
    const user = await keyHolder()
    clock.forward(60)
    const token = await reported(user)
    await turn(user.token)
    clock.forward(DAY)
    await undo(asked(), token)
    expect(await asksForTwo(user)).toBe(true)
    expect(await countOf('recovery_codes', user.id)).toBe(0)
  })

  it('are still asked for if they were before, and only newer codes are void', async () => {
    const [user, renewed] = [await keyHolder(), await keyHolder()]
    for (const { token } of [user, renewed]) await turn(token)
    clock.forward(60)
    const tokens = [await reported(user), await reported(renewed)]
    await run('UPDATE sessions SET shown = ? WHERE user_id = ?', `{"password":${now()},"passkey":${now()}}`, renewed.id)
    const answer = await call('POST', '/user/recovery-codes', bearer(renewed.token))
    expect(answer.status).toBe(200)
    for (const token of tokens) await undo(asked(), token)
    expect([await asksForTwo(user), await asksForTwo(renewed)]).toEqual([true, true])
    expect([await countOf('recovery_codes', user.id), await countOf('recovery_codes', renewed.id)]).toEqual([10, 0])
  })

  it('are told when they are removed', async () => {
    const user = await keyHolder()
    const path = `/user/passkeys/${user.passkey.id}`
    expect((await call('DELETE', path, bearer(user.token))).status).toBe(204)
    expect(subjectsTo(user.email).at(-1)).toBe('A passkey was removed')
    expect(await undoneBy(user.email)).toEqual({ email_restored: false, factors_removed: 0, factor_stays: false })
  })

  it('do not give a left address to whoever registers with a code', async () => {
    const OPEN = { ...ENV, CODE_REGISTERS: 'on' } as Env
    const [user, left] = [await member(), nobody()]
    await run(
      `INSERT INTO undos (hash, user_id, what, email, created_at, expires_at) VALUES (?, ?, 'email_changed', ?, ?, ?)`,
      'k'.repeat(43),
      user.id,
      left,
      now(),
      now() + 1,
    )
    const asked = await callIn(OPEN, 'POST', '/user/login/code', { json: { email: left } })
    expect(asked.status).toBe(202)
    expect(mailedCode(left)).toBe('')
    await run('UPDATE undos SET expires_at = ? WHERE user_id = ?', now(), user.id)
    const { ticket } = await (
      await callIn(OPEN, 'POST', '/user/login/code', { json: { email: left } })
    ).json<{ ticket: string }>()
    const code = mailedCode(left)
    expect(code).not.toBe('')
    await run('UPDATE undos SET expires_at = ? WHERE user_id = ?', now() + 1, user.id) // as if it was left meanwhile
    const entered = await callIn(OPEN, 'POST', '/user/login/code/verify', { json: { ticket, code } })
    expect(entered.status).toBe(401)
    expect(await userAt(left)).toBeNull()
  })
})
