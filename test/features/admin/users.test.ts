import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { cursorAt } from '../../../src/lib/cursor.ts'
import {
  administrator,
  bearer,
  call,
  callIn,
  ENV,
  eventsOf,
  expectProblem,
  freshDatabase,
  hashCheaply,
  insertUser,
  linksOf,
  login,
  mailedToken,
  mailsTo,
  member,
  type Member,
  nobody,
  now,
  PASSWORD,
  sessionFor,
  subjectsTo,
  userAt,
  waitingFor,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

let admin: Member
beforeAll(async () => {
  admin = await administrator()
})

type Listed = { user_id: number; email: string }
type Page = { users: Listed[]; next: string | null }

const get = (path: string, own: Env = ENV) => callIn(own, 'GET', path, bearer(admin.token))
const post = (path: string, json: unknown) => call('POST', path, { json, ...bearer(admin.token) })
const pageOf = async (parameters: Record<string, string>, own?: Env): Promise<Page> => {
  const answer = await get(`/admin/users?${new URLSearchParams(parameters).toString()}`, own)
  expect(answer.status).toBe(200)
  return answer.json<Page>()
}
const emailsOf = async (parameters: Record<string, string>) =>
  (await pageOf(parameters)).users.map(({ email }) => email)
const errorsOf = async (path: string) => (await expectProblem(await get(path), 422, 'invalid_query')).errors

describe('GET /admin/users', () => {
  it('shows of each user what they see themselves, whether they are disabled, and nothing secret', async () => {
    const { id, email } = await insertUser({ email: 'Shown@Here.example', disabled_at: 77, email_verified: 0 })
    const answer = await get('/admin/users?email=shown@')
    const text = await answer.text()
    const created_at = await env.DB.prepare('SELECT created_at FROM users WHERE id = ?').bind(id).first('created_at')
    const user = {
      user_id: id,
      email,
      email_verified: false,
      roles: [],
      disabled_at: 77,
      created_at,
      last_login_at: null,
      invited_until: null,
    }
    expect(JSON.parse(text)).toEqual({ users: [user], next: null })
    expect(text).not.toContain('$2')
  })

  it('finds by the beginning of an address, whatever its case, in order', async () => {
    for (const email of [
      'pre.b@fix.example',
      'PRE.A@fix.example',
      'prf@fix.example',
      'pr@fix.example',
      'xpre.@fix.example',
    ])
      await insertUser({ email })
    expect(await emailsOf({ email: 'Pre.' })).toEqual(['PRE.A@fix.example', 'pre.b@fix.example'])
    expect(await emailsOf({ email: 'pre.b@fix.example' })).toEqual(['pre.b@fix.example'])
    expect(await emailsOf({ email: 'pre.b@fix.example.' })).toEqual([])
  })

  it('takes the characters of a pattern as themselves', async () => {
    for (const email of ['wild%card@x.example', 'wildXcard@x.example', 'wild_card@x.example'])
      await insertUser({ email })
    expect(await emailsOf({ email: 'wild%' })).toEqual(['wild%card@x.example'])
    expect(await emailsOf({ email: 'wild_' })).toEqual(['wild_card@x.example'])
    expect(await emailsOf({ email: `' OR 1=1 --` })).toEqual([])
  })

  it('finds an international domain as it is typed', async () => {
    await insertUser({ email: 'reader@xn--bcher-kva.example' })
    expect(await emailsOf({ email: 'reader@Bücher.ex' })).toEqual(['reader@xn--bcher-kva.example'])
  })

  it('finds those who have a role, disabled or not, and nobody whose role merely contains it', async () => {
    const [editor, other, subeditor] = [await insertUser(), await insertUser({ disabled_at: 1 }), await insertUser()]
    const give = (id: number, roles: string) =>
      env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(roles, id).run()
    await give(editor.id, '["editor","writer"]')
    await give(other.id, '["editor"]')
    await give(subeditor.id, '["sub-editor"]')
    expect((await pageOf({ role: 'editor' })).users.map(({ user_id }) => user_id)).toEqual([editor.id, other.id])
    expect(await emailsOf({ role: 'editor', email: other.email })).toEqual([other.email])
    expect(await emailsOf({ role: 'nobody' })).toEqual([])
    const first = await pageOf({ role: 'editor', limit: '1' })
    expect((await pageOf({ role: 'editor', limit: '1', cursor: first.next! })).users).toEqual([
      expect.objectContaining({ user_id: other.id }),
    ])
  })

  it('refuses what it does not understand, and does not say it back', async () => {
    expect(await errorsOf('/admin/users?limit=0')).toEqual([{ field: 'limit', code: 'too_small' }])
    expect(await errorsOf('/admin/users?limit=101')).toEqual([{ field: 'limit', code: 'too_large' }])
    expect(await errorsOf('/admin/users?limit=')).toEqual([{ field: 'limit', code: 'not_a_number' }])
    expect(await errorsOf('/admin/users?limit=1e1')).toEqual([{ field: 'limit', code: 'not_a_number' }])
    expect(await errorsOf('/admin/users?role=ADMIN')).toMatchObject([{ field: 'role', code: 'not_a_role' }])
    expect(await errorsOf('/admin/users?email=a%00')).toEqual([{ field: 'email', code: 'malformed' }])
    expect(await errorsOf(`/admin/users?email=${'a'.repeat(321)}`)).toEqual([{ field: 'email', code: 'too_long' }])
    expect(await errorsOf('/admin/users?emial=ann')).toEqual([{ field: 'emial', code: 'unknown' }])
    expect(await errorsOf('/admin/users?email=a&email=b')).toEqual([{ field: 'email', code: 'repeated' }])
    const answer = await get('/admin/users?role=SOMETHING&limit=1')
    expect(await answer.text()).not.toContain('SOMETHING')
  })

  it.each([
    ['no base64url', '%%%'],
    ['empty', ''],
    ['no JSON', 'AAAA'],
    ['padded', `${cursorAt(1000)}=`],
    ['JSON with spaces', 'IDEwMDA'],
    ['of another shape', cursorAt([1])],
    ['an object', cursorAt({ id: 1 })],
    ['a fraction', cursorAt(1.5)],
    ['below every id', cursorAt(-1)],
    ['of a search by address', cursorAt('ann@example.com')],
  ])('refuses a cursor that is %s', async (_what, text) => {
    const query = new URLSearchParams({ cursor: text })
    expect(await errorsOf(`/admin/users?${query.toString()}`)).toEqual([{ field: 'cursor', code: 'malformed' }])
  })

  it.each([
    ['of another prefix', cursorAt('bob@example.com')],
    ['of a list by id', cursorAt(1000)],
  ])('refuses, in a search by address, a cursor %s', async (_what, text) => {
    const query = new URLSearchParams({ email: 'ann@', cursor: text })
    expect(await errorsOf(`/admin/users?${query.toString()}`)).toEqual([{ field: 'cursor', code: 'malformed' }])
  })
})

describe('the pages of ten thousand users', () => {
  const CROWD = 10_000
  beforeAll(async () => {
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO users (email) SELECT printf('crowd%05d@many.example', (i * 7919) % 100003) FROM n`,
    )
      .bind(CROWD)
      .run()
  })

  it.each([
    ['by id', {}],
    ['by address', { email: 'crowd' }],
  ])('show everybody exactly once, %s, while others come and go', async (way, filter: Record<string, string>) => {
    const seen: string[] = []
    const gone = new Set<string>()
    const isolate = watchedIsolate()
    let next: string | null = null
    for (let page = 0; page === 0 || next !== null; page++) {
      const parameters = { ...filter, limit: '100', ...(next !== null && { cursor: next }) }
      const found: Page = await pageOf(parameters, isolate.env)
      expect(found.users.length).toBeLessThanOrEqual(100)
      seen.push(...found.users.map(({ email }) => email))
      next = found.next
      // The last of the page, at whom the next one begins; somebody seen long ago; somebody not seen yet.
      const leaving = [
        found.users.at(-1)!.email,
        seen[Math.floor(seen.length / 2)]!,
        `crowd${way.length}${page}@no.example`,
      ]
      const unseen = await env.DB.prepare(`SELECT email FROM users WHERE email LIKE 'crowd9%' AND id % 97 = ? LIMIT 1`)
        .bind(page % 97)
        .first<string>('email')
      for (const email of [...leaving, unseen ?? '']) gone.add(email)
      const places = [...leaving, unseen].map(() => '?').join(', ')
      await env.DB.batch([
        env.DB.prepare(`DELETE FROM users WHERE email IN (${places})`).bind(...leaving, unseen),
        env.DB.prepare('INSERT INTO users (email) VALUES (?), (?)').bind(
          `crowd${String(page).padStart(5, '0')}.${way.length}@new.example`,
          `crowd99999.${way.length}.${page}@new.example`,
        ),
      ])
    }
    expect(new Set(seen).size).toBe(seen.length)
    const { results } = await env.DB.prepare(
      `SELECT email FROM users WHERE email LIKE 'crowd%@many.example'`,
    ).all<Listed>()
    expect(results.length).toBeGreaterThan(CROWD - 800)
    const known = new Set(seen)
    expect(results.filter(({ email }) => !known.has(email))).toEqual([])
    expect(gone.size).toBeGreaterThan(200)
    const lists = isolate.calls.filter(({ texts }) => texts[0]!.includes('LIMIT'))
    expect(lists.length).toBeGreaterThan(90)
    // A page costs what it shows, the last like the first: a user, the entry in the index, a sign-in and an invitation.
    for (const { rows_read } of lists) expect(rows_read).toBeLessThanOrEqual(4 * 101)
  })
})

describe('POST /admin/users', () => {
  it('without a password, mails a link that sets one', async () => {
    const email = nobody()
    const answer = await post('/admin/users', { email, roles: ['writer', 'editor', 'writer'] })
    expect(answer.status).toBe(201)
    const row = (await userAt(email))!
    expect(answer.headers.get('Location')).toBe(`/admin/users/${row.id}`)
    expect(await answer.json()).toEqual({
      user_id: row.id,
      email,
      email_verified: false,
      roles: ['editor', 'writer'],
      disabled_at: null,
      created_at: expect.any(Number),
      last_login_at: null,
      invited_until: expect.any(Number),
    })
    expect(row).toMatchObject({ hashed_password: null, password_set_at: null, email_verified: 0 })
    expect(subjectsTo(email)).toEqual(['You are invited'])
    expect(await eventsOf(row.id)).toEqual(['user_created'])
    const json = { token: mailedToken(email), password: PASSWORD }
    expect((await call('POST', '/user/password/reset', { json })).status).toBe(204)
    expect((await login(email)).status).toBe(200)
  })

  it('with a password, mails a link that confirms the address', async () => {
    const cheap = hashCheaply()
    const email = nobody()
    const answer = await post('/admin/users', { email, password: PASSWORD })
    cheap.mockRestore()
    expect(await answer.json()).toMatchObject({ email, email_verified: false, roles: [] })
    const { id, hashed_password, password_set_at } = (await userAt(email))!
    expect(hashed_password?.slice(0, 4)).toBe('$2b$')
    expect(password_set_at).toBeGreaterThan(now() - 60)
    expect(await linksOf(id)).toEqual(['verify'])
    await call('POST', '/user/email/verify', { json: { token: mailedToken(email), password: PASSWORD } })
    expect((await login(email)).status).toBe(200)
  })

  it('with a password and an address that the admin vouches for, mails nothing and needs no PUBLIC_URL', async () => {
    const email = nobody()
    const json = { email, password: PASSWORD, email_verified: true }
    const { env: own } = watchedIsolate({ PUBLIC_URL: '' })
    expect((await callIn(own, 'POST', '/admin/users', { json, ...bearer(admin.token) })).status).toBe(201)
    expect(mailsTo(email)).toEqual([])
    expect(await linksOf((await userAt(email))!.id)).toEqual([])
    expect((await login(email)).status).toBe(200)
  })

  it('cannot be done where a link is needed and none can be made', async () => {
    const email = nobody()
    const { env: own } = watchedIsolate({ PUBLIC_URL: '' })
    for (const json of [{ email }, { email, email_verified: true }, { email, password: PASSWORD }]) {
      const answer = await callIn(own, 'POST', '/admin/users', { json, ...bearer(admin.token) })
      await expectProblem(answer, 503, 'not_ready')
    }
    expect(await userAt(email)).toBeNull()
  })

  it.each([{}, { password: PASSWORD }, { password: PASSWORD, email_verified: true }])(
    'leaves a user alone who has the address already (%o)',
    async (more) => {
      const user = await member()
      const before = await userAt(user.email)
      const json = { email: user.email.toUpperCase(), roles: ['admin'], ...more }
      await expectProblem(await post('/admin/users', json), 409, 'email_taken')
      expect(await userAt(user.email)).toEqual(before)
      expect(await linksOf(user.id)).toEqual([])
      expect(await waitingFor(user.email)).toEqual([])
      expect(await eventsOf(user.id)).toEqual(['login_succeeded'])
    },
  )

  it('leaves a user alone who has the address and no password', async () => {
    const user = await insertUser({ hashed_password: null })
    await expectProblem(await post('/admin/users', { email: user.email }), 409, 'email_taken')
    expect(await linksOf(user.id)).toEqual([])
    expect(await eventsOf(user.id)).toEqual([])
  })

  it('makes one account, however often it is asked at once', async () => {
    const email = nobody()
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/admin/users', { email })))
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, ...Array<number>(19).fill(409)])
    expect(mailsTo(email)).toHaveLength(1)
    expect(await eventsOf((await userAt(email))!.id)).toEqual(['user_created'])
  })

  it.each([
    ['a common password', { password: 'password1' }, 'password', 'too_common'],
    ['a short one', { password: 'seven77' }, 'password', 'too_short'],
    ['a role of another form', { roles: ['Admin'] }, 'roles.0', 'not_a_role'],
    ['too many roles', { roles: Array.from({ length: 17 }, (_, i) => `r${i}`) }, 'roles', 'too_many_roles'],
    ['roles that are no list', { roles: 'admin' }, 'roles', 'wrong_type'],
    ['a word for yes', { email_verified: 'yes' }, 'email_verified', 'wrong_type'],
    ['no address', { email: 'somebody' }, 'email', 'malformed'],
  ])('refuses %s', async (_what, wrong, field, code) => {
    const email = nobody()
    const { errors } = await expectProblem(await post('/admin/users', { email, ...wrong }), 422, 'invalid_body')
    expect(errors).toMatchObject([{ field, code }])
    expect(await userAt(email)).toBeNull()
  })
})

describe('GET /admin/users/:id', () => {
  it('shows the account and the sessions that stand, and nothing secret', async () => {
    const user = await member()
    const [ended, over] = [await sessionFor(user.id), await sessionFor(user.id)]
    await env.DB.batch([
      env.DB.prepare('UPDATE sessions SET revoked_at = 1 WHERE id = ?').bind(ended.sid),
      env.DB.prepare('UPDATE sessions SET expires_at = 1, tokens_until = 1 WHERE id = ?').bind(over.sid),
      env.DB.prepare(`UPDATE sessions SET ip = '192.0.2.7', country = 'KR', user_agent = 'Own' WHERE id = ?`).bind(
        user.sid,
      ),
    ])
    const answer = await get(`/admin/users/${user.id}`)
    const text = await answer.text()
    const time = expect.any(Number) as number
    const session = { id: user.sid, created_at: time, refreshed_at: time }
    expect(JSON.parse(text)).toEqual({
      user_id: user.id,
      email: user.email,
      email_verified: true,
      roles: [],
      disabled_at: null,
      created_at: time,
      last_login_at: time,
      invited_until: null,
      name: null,
      language: null,
      password_set_at: time,
      has_password: true,
      second_factor: false,
      email_change: null,
      factors: [],
      recovery_codes_left: 0,
      applications: [],
      live_sessions: 1,
      sessions: [{ ...session, ip: '192.0.2.7', country: 'KR', user_agent: 'Own', client_id: null, client: null }],
    })
    expect(text).not.toMatch(/\$2|hashed/)
  })

  it('says of a user without a password that there is none', async () => {
    const { id } = await insertUser({ hashed_password: null })
    expect(await (await get(`/admin/users/${id}`)).json()).toMatchObject({ has_password: false, live_sessions: 0 })
  })

  it.each(['999999999', 'me', '1e3', '-1', '1.0', '0x10', '%31x', '1'.repeat(16)])('is 404 for %s', async (id) => {
    await expectProblem(await get(`/admin/users/${id}`), 404, 'not_found')
  })
})

describe('what the mails say', () => {
  it('is in the language of the admin where the user has none yet', async () => {
    const email = nobody()
    const headers = { ...bearer(admin.token).headers, 'Accept-Language': 'ko' }
    await call('POST', '/admin/users', { json: { email }, headers })
    expect(subjectsTo(email)).toEqual(['초대를 받으셨습니다'])
  })
})
