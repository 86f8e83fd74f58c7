import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { registry } from '../src/app.ts'
import { type CountedUser, findUser } from '../src/core/users/users.ts'
import { endSessionsOf } from '../src/features/admin/end-sessions.ts'
import { settle } from '../src/lib/settle.ts'
import { sql } from '../src/lib/sql.ts'
import { finish } from '../src/signing-in/finish.ts'
import { prove } from '../src/signing-in/prove.ts'
import {
  administrator,
  bearer,
  call,
  callBy,
  callIn,
  clock,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  hashCheaply,
  insertUser,
  linksOf,
  login,
  mailedToken,
  mails,
  member,
  type Member,
  now,
  PASSWORD,
  run,
  sessionFor,
  userAt,
  watchedIsolate,
} from './support.ts'

freshDatabase()

afterEach(() => {
  vi.restoreAllMocks()
})

/** bcrypt at its lowest cost: the next login makes it dearer. */
const CHEAP = await bcrypt.hash(PASSWORD, 4)
const NEW = 'another password of somebody'
const reset = (token: string) => call('POST', '/user/password/reset', { json: { token, password: NEW } })
const change = (token: string, from: string, to: string, own: Env = ENV) =>
  callIn(own, 'POST', '/user/password', { json: { current_password: from, new_password: to }, ...bearer(token) })

const standing = async (user_id: number) => {
  const rows = env.DB.prepare('SELECT id FROM sessions WHERE user_id = ? AND revoked_at IS NULL').bind(user_id)
  return (await rows.all<{ id: string }>()).results.map(({ id }) => id)
}
const epochOf = (id: number) => env.DB.prepare('SELECT epoch FROM users WHERE id = ?').bind(id).first<number>('epoch')

/** Who acts, and the links that were mailed before. */
type Scene = { user: Member; admin: Member; reset: string; moving: string }

/** What ends every session. The session that asks for a new password, or ends all others, stays. */
const causes: Record<string, { keeps?: boolean; run: (scene: Scene) => Promise<unknown> }> = {
  'the password is changed': { keeps: true, run: ({ user }) => change(user.token, PASSWORD, NEW) },
  'the password is reset': { run: (scene) => reset(scene.reset) },
  'the address is changed': {
    run: ({ moving }) => call('POST', '/user/email/verify', { json: { token: moving, password: PASSWORD } }),
  },
  'the address is confirmed again': {
    run: async ({ user }) => {
      const json = { email: user.email, password: PASSWORD }
      await call('POST', '/user/email', { json, ...bearer(user.token) })
      // The notice goes to the same address, and may be the newer mail.
      const link = mails.filter(({ to, text }) => to === user.email && text.includes('/verify?')).at(-1)!.text
      const token = /token=([\w-]{43})/.exec(link)![1]
      const answer = await call('POST', '/user/email/verify', { json: { token, password: PASSWORD } })
      expect(answer.status).toBe(204)
    },
  },
  'the owner signs out everywhere': { run: ({ user }) => call('POST', '/user/logout/everywhere', bearer(user.token)) },
  'the owner signs out everywhere else': {
    keeps: true,
    run: ({ user }) =>
      call('POST', '/account/sessions', {
        body: new URLSearchParams({ end: 'others' }),
        headers: { Cookie: `__Host-latchkey=${user.token}`, 'Sec-Fetch-Site': 'same-origin' },
      }),
  },
  'the owner deletes the account': {
    run: ({ user }) => call('DELETE', '/user/me', { json: { password: PASSWORD }, ...bearer(user.token) }),
  },
  ...Object.fromEntries(
    (
      [
        ['disables the account', 'POST', '/disable'],
        ['ends the sessions', 'DELETE', '/sessions'],
        ['forces a reset', 'POST', '/reset'],
        ['deletes the account', 'DELETE', ''],
      ] as const
    ).map(([does, method, path]) => [
      `an administrator ${does}`,
      {
        run: ({ user, admin }: Scene) => call(method, `/admin/users/${user.id}${path}`, bearer(admin.token)),
      },
    ]),
  ),
  'the command line ends the sessions': {
    run: ({ user }) => endSessionsOf(callBy({ actor: 'cli:test' }), user.id),
  },
  'an operator disables the account with SQL': {
    run: ({ user }) => run('UPDATE users SET disabled_at = 1 WHERE id = ?', user.id),
  },
}

async function sceneOf(): Promise<Scene> {
  const [user, admin] = [await member(), await administrator()]
  await call('POST', '/user/password/forgot', { json: { email: user.email } })
  const reset = mailedToken(user.email)
  const target = `to.${user.email}`
  await call('POST', '/user/email', { json: { email: target, password: PASSWORD }, ...bearer(user.token) })
  return { user, admin, reset, moving: mailedToken(target) }
}

describe.each(Object.entries(causes))('when %s', (_when, { keeps = false, run }) => {
  it('a login that compared the password before starts no session after it', async () => {
    const scene = await sceneOf()
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (!texts[0]!.startsWith('INSERT INTO sessions')) return
      isolate.before = () => {}
      await run(scene)
    }
    const json = { email: scene.user.email, password: PASSWORD }
    const answer = await callIn(isolate.env, 'POST', '/user/login', { json })
    await expectProblem(answer, 401, 'invalid_credentials')
    expect(await standing(scene.user.id)).toEqual(keeps ? [scene.user.sid] : [])
    expect((await eventsOf(scene.user.id)).filter((event) => event === 'login_succeeded')).toHaveLength(1)
  })

  it('no login of fifty that run beside it is left', async () => {
    const scene = await sceneOf()
    const proven = (await findUser(env.DB, sql`id = ${scene.user.id}`, registry.methods))!
    const begin = () => settle(start(proven), 'refused').then(() => undefined)
    const logins = Array.from({ length: 50 }, begin)
    const beside = [...logins.slice(0, 25), run(scene), ...logins.slice(25), ...Array.from({ length: 25 }, begin)]
    await Promise.all(beside)
    expect(await standing(scene.user.id)).toEqual(keeps ? [scene.user.sid] : [])
  })

  it('no link of before opens anything, nor waits to be mailed, and no change of address is pending', async () => {
    const scene = await sceneOf()
    const { user } = scene
    // What waits to be mailed is sent as long as its link is alive.
    const { results } = await env.DB.prepare('SELECT hash FROM one_time_tokens WHERE user_id = ?').bind(user.id).all()
    const alive = `SELECT 1 FROM one_time_tokens WHERE hash IN (${results.map(({ hash }) => `'${String(hash)}'`).join()})`
    expect(await env.DB.prepare(alive).first()).not.toBeNull()
    await run(scene)
    expect(await env.DB.prepare(alive).first()).toBeNull()
    for (const token of [scene.moving, scene.reset]) {
      await expectProblem(await reset(token), 400, 'invalid_one_time_token')
      const verified = await call('POST', '/user/email/verify', { json: { token, password: PASSWORD } })
      await expectProblem(verified, 400, 'invalid_one_time_token')
    }
    expect((await linksOf(user.id)).filter((purpose) => purpose !== 'reset')).toEqual([])
  })
})

/** What a session asks for with a password, the mark of the batch that does it, and the event that tells of it. */
const asks: Record<string, { mark: string; event: string; ask: (user: Member, own?: Env) => Promise<Response> }> = {
  'a change of the password': {
    mark: 'UPDATE users SET hashed_password',
    event: 'password_changed',
    ask: ({ token }, own) => change(token, PASSWORD, NEW, own),
  },
  'a change of the address': {
    mark: 'INSERT OR REPLACE INTO one_time_tokens',
    event: 'email_change_requested',
    ask: ({ token, email }, own = ENV) =>
      callIn(own, 'POST', '/user/email', { json: { email: `in.${email}`, password: PASSWORD }, ...bearer(token) }),
  },
  'a deletion': {
    mark: 'DELETE FROM users',
    event: 'account_deleted',
    ask: ({ token }, own = ENV) =>
      callIn(own, 'DELETE', '/user/me', { json: { password: PASSWORD }, ...bearer(token) }),
  },
}

describe.each(Object.entries(asks))('%s', (_what, { mark, event, ask }) => {
  const endAlone = async (user: Member, other: { token: string }) =>
    expect((await call('DELETE', `/user/sessions/${user.sid}`, bearer(other.token))).status).toBe(204)
  const endAll = async (user: Member) =>
    expect(
      (await call('DELETE', `/admin/users/${user.id}/sessions`, bearer((await administrator()).token))).status,
    ).toBe(204)

  it.each([
    ['its owner ends from elsewhere', endAlone],
    ['an administrator ends', endAll],
  ])('does not happen for a session that %s, before or after the comparison', async (_who, end) => {
    for (const before of ['SELECT id, email', mark]) {
      const user = await member()
      const other = await sessionFor(user.id)
      const isolate = watchedIsolate()
      isolate.before = async (texts) => {
        if (!texts.some((text) => text.startsWith(before))) return
        isolate.before = () => {}
        await end(user, other)
      }
      await expectProblem(await ask(user, isolate.env), 401, 'invalid_token')
      expect(await eventsOf(user.id)).not.toContain(event)
      expect(await userAt(user.email)).toMatchObject({ id: user.id })
      expect(await linksOf(user.id)).toEqual([])
    }
  })

  it('or the end of its session comes first, of fifty pairs at once', async () => {
    vi.spyOn(bcrypt, 'compare').mockResolvedValue(true as never) // the password is not what races here
    hashCheaply()
    const users = await Promise.all(Array.from({ length: 50 }, () => member()))
    const statuses = users.map(async (user, i) => {
      const isolate = watchedIsolate()
      let last = Promise.resolve<number | null>(null)
      isolate.before = async (texts) => {
        if (!texts.some((text) => text.startsWith(mark))) return
        isolate.before = () => {}
        last = run('UPDATE sessions SET revoked_at = ? WHERE id = ?', now(), user.sid).then(() =>
          env.DB.prepare('SELECT max(id) AS id FROM audit_events').first<number>('id'),
        )
        if (i % 2 === 0) await last // the others are sent at the same time
      }
      const { status } = await ask(user, isolate.env)
      expect((await eventsOf(user.id)).includes(event)).toBe(status !== 401)
      const late = env.DB.prepare('SELECT 1 FROM audit_events WHERE user_id = ? AND event = ? AND id > ?')
      expect(await late.bind(user.id, event, await last).first()).toBeNull()
      return status
    })
    expect((await Promise.all(statuses)).filter((status) => status === 401).length).toBeGreaterThanOrEqual(25)
  })
})

const start = (user: CountedUser) => finish(callBy(), prove(callBy(), { user, methods: ['password'] }))

describe('the epoch', () => {
  it('is not raised by a login that makes the hash dearer, and no right password is refused beside it', async () => {
    const uses: [string, (user: Member, own: Env) => Promise<Response>, number][] = [
      [
        'INSERT INTO sessions',
        ({ email }, own) => callIn(own, 'POST', '/user/login', { json: { email, password: PASSWORD } }),
        200,
      ],
      ['UPDATE users', ({ token }, own) => change(token, PASSWORD, NEW, own), 204],
      [
        'INSERT INTO sessions',
        ({ token }, own) => callIn(own, 'POST', '/user/reauth', { json: { password: PASSWORD }, ...bearer(token) }),
        200,
      ],
      [
        'SELECT id FROM users',
        ({ token, id }, own) =>
          callIn(own, 'POST', '/user/email', {
            json: { email: `dearer${id}@example.com`, password: PASSWORD },
            ...bearer(token),
          }),
        202,
      ],
      [
        'SELECT id FROM users',
        ({ token }, own) => callIn(own, 'DELETE', '/user/me', { json: { password: PASSWORD }, ...bearer(token) }),
        204,
      ],
    ]
    for (const [text, use, status] of uses) {
      const { id, email } = await insertUser({ hashed_password: CHEAP })
      const user = { id, email, ...(await sessionFor(id)) }
      const isolate = watchedIsolate()
      isolate.before = async (texts) => {
        if (texts.length < 2 || !texts.some((own) => own.startsWith(text))) return
        isolate.before = () => {}
        expect((await login(email)).status).toBe(200)
        expect((await userAt(email))!.hashed_password).not.toBe(CHEAP)
        expect(await epochOf(id)).toBe(0)
      }
      expect((await use(user, isolate.env)).status).toBe(status)
    }
  })

  it.each([
    ['succeeds where all other sessions are ended meanwhile', 'others', 200],
    ['is refused where its own is ended, too', 'all', 401],
  ])('lets a reauthentication say what is true: it %s', async (_what, end, status) => {
    const user = await member()
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (!texts[0]!.startsWith('INSERT INTO sessions')) return
      isolate.before = () => {}
      await call('POST', '/account/sessions', {
        body: new URLSearchParams({ end }),
        headers: { Cookie: `__Host-latchkey=${user.token}`, 'Sec-Fetch-Site': 'same-origin' },
      })
    }
    const init = { json: { password: PASSWORD }, ...bearer(user.token) }
    const answer = await callIn(isolate.env, 'POST', '/user/reauth', init)
    if (status === 401) await expectProblem(answer, 401, 'invalid_token')
    else expect(answer.status).toBe(200)
    expect(await standing(user.id)).toHaveLength(status === 200 ? 1 : 0)
    expect(await standing(user.id)).not.toContain(user.sid)
  })

  it('tells two passwords of one second apart', async () => {
    clock.set(0)
    const user = await member()
    expect((await change(user.token, PASSWORD, NEW)).status).toBe(204)
    const isolate = watchedIsolate()
    isolate.before = async (texts) => {
      if (!texts[0]!.startsWith('INSERT INTO sessions')) return
      isolate.before = () => {}
      expect((await change(user.token, NEW, `${NEW}, the second`)).status).toBe(204)
    }
    const answer = await callIn(isolate.env, 'POST', '/user/login', { json: { email: user.email, password: NEW } })
    await expectProblem(answer, 401, 'invalid_credentials')
    expect(await standing(user.id)).toEqual([user.sid])
  })

  it.each([
    ['a hash of another password', `UPDATE users SET hashed_password = 'another' WHERE id = ?`],
    ['no hash', 'UPDATE users SET hashed_password = NULL WHERE id = ?'],
    ['another address', `UPDATE users SET email = 'moved' || email WHERE id = ?`],
    ['disabling', 'UPDATE users SET disabled_at = 1 WHERE id = ?'],
  ])('is raised by an operator who sets %s with SQL', async (_what, text) => {
    const { id } = await member()
    const before = (await epochOf(id))!
    await run(text, id)
    expect(await epochOf(id)).toBeGreaterThan(before)
  })

  it.each([
    ['the same values again', 'UPDATE users SET email = email, hashed_password = hashed_password WHERE id = ?'],
    ['roles', `UPDATE users SET roles = '["editor"]' WHERE id = ?`],
    ['a language', `UPDATE users SET language = 'ko' WHERE id = ?`],
  ])('is not raised by %s', async (_what, text) => {
    const { id } = await member()
    await run(text, id)
    expect(await epochOf(id)).toBe(0)
  })

  it('is 0 for a row that names id, email and hashed_password only, and that user signs in', async () => {
    await run(`INSERT INTO users (id, email, hashed_password) VALUES (4711, 'from.outside@example.com', ?)`, CHEAP)
    expect(await epochOf(4711)).toBe(0)
    expect((await login('from.outside@example.com')).status).toBe(200)
  })

  it('lets one of fifty reauthentications of a session replace it', async () => {
    const user = await member()
    const proven = (await findUser(env.DB, sql`id = ${user.id}`, registry.methods))!
    const { replaceSession } = await import('../src/features/session/queries.ts')
    const times = { auth_time: now(), expires_at: now() + 600 }
    const session = { id: user.sid, user_id: user.id, ...times, roles: [], acr: 'aal1' as const }
    const call = { ...callBy(), session }
    const proof = () => prove(call, { user: proven, methods: ['password'], session })
    const grants = await Promise.allSettled(Array.from({ length: 50 }, () => replaceSession(call, proof())))
    const given = grants.flatMap((grant) => (grant.status === 'fulfilled' ? [grant.value.id] : []))
    expect(given).toHaveLength(1)
    expect(await standing(user.id)).toEqual(given)
  })
})
