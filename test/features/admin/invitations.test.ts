import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  addPasskey,
  administrator,
  bearer,
  call,
  CALM,
  clock,
  codeFor,
  enterCode,
  eventsOf,
  expectProblem,
  freshAddress,
  freshDatabase,
  hashCheaply,
  insertUser,
  leadsTo,
  login,
  loginFrom,
  mailedToken,
  mailsTo,
  MANY,
  member,
  type Member,
  nobody,
  open,
  Passkey,
  PASSWORD,
  submit,
  subjectsTo,
  times,
  userAt,
} from '../../support.ts'

freshDatabase()

let admin: Member
beforeEach(async () => {
  admin = await administrator()
})

const DAY = 86_400
const admins = (method: string, path: string, json?: unknown) =>
  call(method, path, { ...(json !== undefined && { json }), ...bearer(admin.token) })
const again = (id: number) => admins('POST', `/admin/users/${id}/invite`)
const withdraw = (id: number) => admins('DELETE', `/admin/users/${id}/invite`)
const accept = (token: string, password = PASSWORD) =>
  call('POST', '/user/password/reset', { json: { token, password } })
const until = (id: number) =>
  env.DB.prepare('SELECT expires_at FROM invitations WHERE user_id = ?').bind(id).first<number>('expires_at')

/** Somebody whom the admin has invited, and the token of the link. */
async function invited(more: object = {}) {
  const email = nobody()
  expect((await admins('POST', '/admin/users', { email, ...more })).status).toBe(201)
  return { email, id: (await userAt(email))!.id, token: mailedToken(email) }
}

describe('an invitation', () => {
  it('works for seven days, once, and an operator sees until when', async () => {
    clock.stop()
    const { id, email, token } = await invited()
    const seen = async () => (await admins('GET', `/admin/users/${id}`)).json<{ invited_until: number | null }>()
    const stored = (await until(id))!
    expect(await seen()).toMatchObject({ invited_until: stored })
    clock.forward(7 * DAY - 1)
    admin = await administrator() // the first one's session is idle by now
    expect((await accept(token)).status).toBe(204)
    expect(await seen()).toMatchObject({ invited_until: null, email_verified: true, has_password: true })
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    expect((await login(email)).status).toBe(200)
    expect(await seen()).toMatchObject({ last_login_at: stored - 1 })
  })

  it('does not work later, stays visible, and is sent again', async () => {
    clock.stop()
    const { id, email, token } = await invited()
    clock.forward(7 * DAY)
    admin = await administrator()
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    expect(await until(id)).not.toBeNull()
    expect((await again(id)).status).toBe(204)
    expect((await accept(mailedToken(email))).status).toBe(204)
    expect(await eventsOf(id)).toEqual(['user_created', 'user_invited', 'password_reset'])
  })

  it('is not replaced by what strangers can ask for', async () => {
    const { email, token } = await invited()
    await call('POST', '/user/password/forgot', { json: { email } })
    await call('POST', '/user/register', { json: { email, password: 'another password of somebody' } })
    expect(mailsTo(email)).toHaveLength(3)
    expect((await accept(token)).status).toBe(204)
    await expectProblem(await accept(mailedToken(email)), 400, 'invalid_one_time_token')
  })

  it('is in the language that the admin chose, and so are later mails', async () => {
    const { id, email } = await invited({ language: 'ko' })
    await again(id)
    expect(subjectsTo(email)).toEqual(['초대를 받으셨습니다', '초대를 받으셨습니다'])
    expect(mailsTo(email)[0]!.text).toContain('7일')
    const wrong = await admins('POST', '/admin/users', { email: nobody(), language: 'fr' })
    expect((await expectProblem(wrong, 422, 'invalid_body')).errors).toEqual([
      { field: 'language', code: 'wrong_type' },
    ])
  })

  it('sent again voids the link of before', async () => {
    const { id, email, token } = await invited()
    expect((await again(id)).status).toBe(204)
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    expect((await accept(mailedToken(email))).status).toBe(204)
  })

  it('goes to an account that was imported without a password, and to none that is in use or disabled', async () => {
    const imported = await insertUser({ hashed_password: null })
    expect((await again(imported.id)).status).toBe(204)
    expect((await accept(mailedToken(imported.email))).status).toBe(204)
    const reset = await member()
    await admins('POST', `/admin/users/${reset.id}/reset`)
    const disabled = await insertUser({ hashed_password: null, disabled_at: 1 })
    for (const { id } of [imported, reset, disabled, await member()]) {
      await expectProblem(await again(id), 409, 'not_invited')
      await expectProblem(await withdraw(id), 409, 'not_invited')
      expect(await until(id)).toBeNull()
    }
    await expectProblem(await again(999_999), 404, 'not_found')
    await expectProblem(await withdraw(999_999), 404, 'not_found')
  })

  it('goes to nobody who signed in with a password and has removed it, and deletes no such account', async () => {
    const user = await insertUser()
    const { access_token } = await (await login(user.email)).json<{ access_token: string }>()
    expect((await addPasskey(access_token, await Passkey.make())).status).toBe(201)
    expect((await call('DELETE', '/user/password', bearer(access_token))).status).toBe(204)
    await expectProblem(await again(user.id), 409, 'not_invited')
    await expectProblem(await withdraw(user.id), 409, 'not_invited')
    expect(await until(user.id)).toBeNull()
  })

  it('goes to nobody who undid what somebody else did in the account', async () => {
    const user = await insertUser()
    for (const address of [freshAddress(), freshAddress()])
      expect((await loginFrom(address, { email: user.email }, CALM)).status).toBe(200)
    const json = { token: mailedToken(user.email) } // of the notice that a new device signed in
    expect((await call('POST', '/user/undo', { json })).status).toBe(200)
    expect((await userAt(user.email))!.hashed_password).toBeNull()
    await expectProblem(await again(user.id), 409, 'not_invited')
  })

  it('is withdrawn with the account, so that no other link opens it', async () => {
    const { id, email, token } = await invited({ roles: ['admin'], email_verified: true })
    expect((await withdraw(id)).status).toBe(204)
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    expect(await userAt(email)).toBeNull()
    expect(await eventsOf(id)).toEqual(['user_created', 'account_deleted'])
    await expectProblem(await withdraw(id), 404, 'not_found')
  })

  it.each([
    ['the end of all sessions', (id: number) => admins('DELETE', `/admin/users/${id}/sessions`)],
    ['disabling', (id: number) => admins('POST', `/admin/users/${id}/disable`)],
  ])('is void after %s', async (_what, end) => {
    const { id, token } = await invited()
    expect((await end(id)).status).toBe(204)
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    expect(await until(id)).toBeNull()
  })

  it('is over once its owner has signed in by another way', async () => {
    const { id, email, token } = await invited({ email_verified: true })
    const { ticket, code } = await codeFor(email)
    expect((await enterCode(ticket, code)).status).toBe(200)
    await expectProblem(await accept(token), 400, 'invalid_one_time_token')
    await expectProblem(await again(id), 409, 'not_invited')
  })

  it('is accepted once by fifty at a time', async () => {
    const cheap = hashCheaply()
    const { id, token } = await invited()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => accept(token, `${PASSWORD} ${i}`)))
    cheap.mockRestore()
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(49)
    expect(await eventsOf(id)).toEqual(['user_created', 'password_reset'])
  })

  it('opens by one link at most while it is sent again, withdrawn and accepted at once', MANY, async () => {
    const cheap = hashCheaply()
    for (let round = 0; round < times(50, 3); round++) {
      const { id, email, token } = await invited()
      const ends = round % 2 === 0 ? again(id) : withdraw(id)
      const [accepted, ended] = await Promise.all([accept(token), ends])
      expect([204, 400]).toContain(accepted.status)
      // Who came second was refused, and a link that was void before it was used opened nothing.
      if (accepted.status === 204) expect([204, 409]).toContain(ended.status)
      else expect(ended.status).toBe(204)
      const user = await userAt(email)
      if (accepted.status === 204) {
        expect(user?.hashed_password).not.toBeNull()
        expect(await until(id)).toBeNull()
      } else if (round % 2 === 0) expect((await accept(mailedToken(email))).status).toBe(204)
      else expect(user).toBeNull()
    }
    cheap.mockRestore()
  })
})

describe('the console', () => {
  const NEW = '/console/users/new'
  const seen = async (path: string) => (await open(path, admin.token)).text()

  it('invites somebody, says so, sends again, and withdraws after asking', async () => {
    const email = nobody()
    expect(await seen(NEW)).toContain('name="vouch"')
    const form = { email: ` ${email} `, roles: 'editor, writer', language: 'ko' }
    const made = await submit(NEW, form, admin.token)
    const { id } = (await userAt(email))!
    expect(leadsTo(made)).toEqual([303, `/console/users/${id}?done=invited`])
    expect(await userAt(email)).toMatchObject({ roles: '["editor","writer"]', language: 'ko', email_verified: 0 })
    const page = await seen(`/console/users/${id}?done=invited`)
    for (const text of ['The invitation is on its way.', 'Invited until', `aria-label="Send the invitation: ${email}"`])
      expect(page).toContain(text)
    expect(leadsTo(await submit(`/console/users/${id}`, { do: 'invite' }, admin.token))).toEqual([
      303,
      `/console/users/${id}?done=invited`,
    ])
    expect(subjectsTo(email)).toHaveLength(2)
    const asked = await seen(`/console/users/${id}/withdraw`)
    expect(asked).toContain(`<button type="submit" class="danger">Withdraw the invitation: ${email}</button>`)
    expect(leadsTo(await submit(`/console/users/${id}`, { do: 'withdraw' }, admin.token))).toEqual([
      303,
      '/console?done=changed',
    ])
    expect(await userAt(email)).toBeNull()
  })

  it('shows what was typed again where it is refused', async () => {
    const taken = await member()
    const answers = [
      [422, { email: 'nobody', roles: 'editor', language: 'ko', vouch: 'on' }],
      [422, { email: nobody(), roles: 'Editor' }],
      [422, { email: nobody(), language: 'fr' }],
      [409, { email: taken.email }],
    ] as const
    for (const [status, form] of answers) {
      const answer = await submit(NEW, form, admin.token)
      const html = await answer.text()
      expect([answer.status, html]).toEqual([status, expect.stringContaining(`value="${form.email}"`)])
      if ('roles' in form) expect(html).toContain(`value="${form.roles}"`)
      if ('vouch' in form) expect(html).toMatch(/value="ko" selected.*name="vouch" value="on" checked/s)
    }
  })

  it('asks an admin who signed in a while ago for the password first', async () => {
    clock.stop()
    const late = await administrator()
    clock.forward(601)
    const email = nobody()
    const confirm = [303, `/account/confirm?return_to=${NEW}`]
    expect(leadsTo(await open(NEW, late.token))).toEqual(confirm)
    expect(leadsTo(await submit(NEW, { email }, late.token))).toEqual(confirm)
    expect(await userAt(email)).toBeNull()
  })
})
