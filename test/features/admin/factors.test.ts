import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { appOf, features } from '../../../src/app.ts'
import type { Method } from '../../../src/core/call.ts'
import { sql } from '../../../src/lib/sql.ts'
import { Problem } from '../../../src/problem.ts'
import {
  administrator,
  bearer,
  clock,
  cookieOf,
  ENV,
  eventsOf,
  freshDatabase,
  member,
  type Member,
  ORIGIN,
  run,
  SAME_ORIGIN,
  subjectsTo,
} from '../../support.ts'

freshDatabase()

/** A method with factors, as a feature that the admin feature does not know brings it. */
const keys: Method = {
  name: 'key',
  kind: 'have',
  amr: [],
  ways: sql`(SELECT count(*) FROM keys WHERE user_id = users.id)`,
  show: () => Promise.reject(new Problem('invalid_credentials')),
  factors: {
    label: { en: 'Key', ko: '열쇠' },
    list: (user_id) =>
      sql`SELECT id, name, created_at, last_used_at FROM keys WHERE user_id = ${user_id} ORDER BY created_at`,
    owners: sql`SELECT user_id FROM keys`,
    remove: (user_id, id) =>
      sql`DELETE FROM keys WHERE user_id = ${user_id} AND ${id === undefined ? sql`TRUE` : sql`id = ${id}`} RETURNING id`,
  },
}

const { app } = appOf([...features, { name: 'keys', methods: [keys] }])

async function ask(method: string, path: string, init: RequestInit = {}): Promise<Response> {
  const context = createExecutionContext()
  const answer = await app.fetch(new Request(ORIGIN + path, { redirect: 'manual', ...init, method }), ENV, context)
  await waitOnExecutionContext(context)
  return answer
}

let admin: Member
let serial = 0
beforeAll(async () => {
  await run(`CREATE TABLE keys (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL, name TEXT, created_at INTEGER NOT NULL,
    last_used_at INTEGER)`)
  admin = await administrator()
})

/** A user with two keys. */
async function keeper() {
  const user = await member()
  const [blue, red] = [`k${++serial}`, `k${++serial}`]
  await run(
    'INSERT INTO keys VALUES (?, ?, ?, 100, 200), (?, ?, NULL, 150, NULL)',
    blue,
    user.id,
    '<Blue>',
    red,
    user.id,
  )
  return { ...user, blue, red, path: `/admin/users/${user.id}/factors` }
}

const by = (who: Member, method: string, path: string) => ask(method, path, bearer(who.token))
const idsOf = async (user_id: number) =>
  (await env.DB.prepare('SELECT id FROM keys WHERE user_id = ? ORDER BY created_at').bind(user_id).all()).results.map(
    ({ id }) => id,
  )
const isIn = async (token: string) => (await ask('GET', '/user/me', bearer(token))).status === 200
const epochOf = (id: number) => env.DB.prepare('SELECT epoch FROM users WHERE id = ?').bind(id).first<number>('epoch')

describe('the factors of a user', () => {
  it('are listed by whichever method has them, with nothing of anybody else', async () => {
    const [user, other] = [await keeper(), await keeper()]
    const answer = await by(admin, 'GET', user.path)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      factors: [
        { id: user.blue, type: 'key', name: '<Blue>', created_at: 100, last_used_at: 200 },
        { id: user.red, type: 'key', name: null, created_at: 150, last_used_at: null },
      ],
      recovery_codes_left: 0,
    })
    expect(await (await by(admin, 'GET', `/admin/users/${other.id}/factors`)).text()).not.toContain(user.blue)
    expect((await by(admin, 'GET', '/admin/users/999999/factors')).status).toBe(404)
  })

  it('are shown to admins alone', async () => {
    const user = await keeper()
    for (const method of ['GET', 'DELETE']) {
      expect((await by(user, method, user.path)).status).toBe(403)
      expect((await ask(method, user.path)).status).toBe(401)
    }
    expect((await by(user, 'DELETE', `${user.path}/${user.blue}`)).status).toBe(403)
    expect(await idsOf(user.id)).toHaveLength(2)
  })

  it('are removed one by one: the sessions end, a mail and the trail tell, and nobody else loses any', async () => {
    const [user, other] = [await keeper(), await keeper()]
    const before = await epochOf(user.id)
    expect((await by(admin, 'DELETE', `${user.path}/${user.blue}`)).status).toBe(204)
    expect(await idsOf(user.id)).toEqual([user.red])
    expect(await isIn(user.token)).toBe(false)
    expect(await epochOf(user.id)).toBeGreaterThan(before!)
    expect(subjectsTo(user.email)).toEqual([expect.stringContaining('A way to sign in was removed')])
    expect((await eventsOf(user.id)).slice(-1)).toEqual(['factors_removed'])
    const trail = env.DB.prepare('SELECT actor FROM audit_events WHERE user_id = ? AND event = ?')
    expect(await trail.bind(user.id, 'factors_removed').first()).toEqual({ actor: `user:${admin.id}` })
    const published = env.DB.prepare('SELECT type FROM webhook_outbox WHERE user_id = ? AND type = ?')
    expect(await published.bind(user.id, 'factors.removed').first()).not.toBeNull()
    expect([await idsOf(other.id), await isIn(other.token)]).toEqual([[other.blue, other.red], true])
  })

  it('are not removed by the id of somebody else, or twice, and then nothing else happens either', async () => {
    const [user, other] = [await keeper(), await keeper()]
    await by(admin, 'DELETE', `${user.path}/${user.red}`)
    const [events, epoch] = [await eventsOf(user.id), await epochOf(user.id)]
    for (const wrong of [other.blue, user.red, '%25', "x'--"]) {
      expect((await by(admin, 'DELETE', `${user.path}/${wrong}`)).status).toBe(404)
    }
    expect([await eventsOf(user.id), await epochOf(user.id)]).toEqual([events, epoch])
    expect([await idsOf(user.id), await idsOf(other.id)]).toEqual([[user.blue], [other.blue, other.red]])
  })

  it('are removed all at once, and once more without an effect', async () => {
    const user = await keeper()
    for (let i = 0; i < 2; i++) expect((await by(admin, 'DELETE', user.path)).status).toBe(204)
    expect(await idsOf(user.id)).toEqual([])
    expect((await eventsOf(user.id)).filter((event) => event === 'factors_removed')).toHaveLength(1)
    expect(subjectsTo(user.email)).toHaveLength(1)
    expect((await by(admin, 'DELETE', '/admin/users/999999/factors')).status).toBe(404)
  })

  it('take the recovery codes along with the last one, and the account asks for none any more', async () => {
    const user = await keeper()
    await run('UPDATE users SET second_factor = 1 WHERE id = ?', user.id)
    await run('INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)', user.id, 'x'.repeat(43))
    const left = () =>
      env.DB.prepare(
        `SELECT second_factor, (SELECT count(*) FROM recovery_codes WHERE user_id = users.id) AS codes
         FROM users WHERE id = ?`,
      )
        .bind(user.id)
        .first()
    await by(admin, 'DELETE', `${user.path}/${user.blue}`)
    expect(await left()).toEqual({ second_factor: 1, codes: 1 })
    await by(admin, 'DELETE', `${user.path}/${user.red}`)
    expect(await left()).toEqual({ second_factor: 0, codes: 0 })
  })

  it('are removed once by fifty at a time', async () => {
    const user = await keeper()
    const path = `${user.path}/${user.blue}`
    const answers = await Promise.all(Array.from({ length: 50 }, () => by(admin, 'DELETE', path)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 404)).toHaveLength(49)
    expect((await eventsOf(user.id)).filter((event) => event === 'factors_removed')).toHaveLength(1)
  })

  it('are removed only by an admin who signed in a short while ago', async () => {
    const [late, user] = [await administrator(), await keeper()]
    clock.forward(601)
    expect((await by(late, 'GET', user.path)).status).toBe(200)
    for (const path of [user.path, `${user.path}/${user.blue}`]) {
      expect((await by(late, 'DELETE', path)).status).toBe(401)
    }
    expect(await idsOf(user.id)).toHaveLength(2)
  })
})

describe('the console', () => {
  const open = (path: string, who = admin) => ask('GET', path, { headers: { Cookie: cookieOf(who.token) } })
  const send = (path: string, form: Record<string, string>, who = admin) =>
    ask('POST', path, { body: new URLSearchParams(form), headers: { ...SAME_ORIGIN, Cookie: cookieOf(who.token) } })

  it('lists them by name, and asks before one is removed', async () => {
    const user = await keeper()
    const page = `/console/users/${user.id}`
    const html = await (await open(page)).text()
    for (const text of ['Factors and connected accounts', '&lt;Blue&gt;', 'Key', 'Recovery codes left: 0'])
      expect(html).toContain(text)
    expect(html).not.toContain('<Blue>')
    const link = `${page}/factors?factor=${user.blue}`
    expect(html).toContain(`<a href="${link}" aria-label="Remove from the account: &lt;Blue&gt;">`)
    const asked = await (await open(link)).text()
    expect(asked).toContain(user.email)
    expect(asked).toContain(`name="factor" value="${user.blue}"`)
    expect(await (await open(`${link}&lang=ko`)).text()).toContain('계정에서 삭제')
    expect(await idsOf(user.id)).toHaveLength(2)
    const done = await send(page, { do: 'factor', factor: user.blue })
    expect([done.status, done.headers.get('Location')]).toEqual([303, `${page}?done=changed`])
    expect(await idsOf(user.id)).toEqual([user.red])
  })

  it('removes nothing where no factor is named, and shows nothing where there is none', async () => {
    const [user, plain] = [await keeper(), await member()]
    const page = `/console/users/${user.id}`
    for (const form of [{ do: 'factor' }, { do: 'factor', factor: '' }, { do: 'factor', factor: 'unknown' }]) {
      expect((await send(page, form)).status).toBe(404)
    }
    for (const query of ['', '?factor=', '?factor=unknown']) {
      const answer = await open(`${page}/factors${query}`)
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, page])
    }
    expect(await idsOf(user.id)).toHaveLength(2)
    expect(await (await open(`/console/users/${plain.id}`)).text()).not.toContain('Factors and connected accounts')
  })

  it('asks an admin who signed in a while ago for the password first', async () => {
    const [late, user] = [await administrator(), await keeper()]
    const page = `/console/users/${user.id}`
    clock.forward(601)
    for (const answer of [
      await open(`${page}/factors?factor=${user.blue}`, late),
      await send(page, { do: 'factor', factor: user.blue }, late),
    ]) {
      expect([answer.status, answer.headers.get('Location')]).toEqual([303, `/account/confirm?return_to=${page}`])
    }
    expect(await idsOf(user.id)).toHaveLength(2)
  })
})
