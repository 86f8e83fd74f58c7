/** The promise to an operator: what the command line changes counts at the running service within seconds. */
import { randomUUID } from 'node:crypto'
import { TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { latchkey, type Ran } from './cli.ts'
import { python, withoutPython } from './python.ts'
import { accessToken, logIn, query, type Service, startService } from './service.ts'

const PASSWORD = 'four quiet herons stand'

describe('npm run latchkey, beside npm run dev', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService()
  })
  afterAll(() => service.stop())

  const cli = (args: string[], input = ''): Promise<Ran> =>
    latchkey([...args, '--persist-to', service.persistTo], input)

  const rows = (sql: string) => query<Record<string, unknown>>(service.persistTo, sql)

  const call = async (token: string, path: string, method = 'POST'): Promise<number> =>
    (await fetch(service.url + path, { method, headers: { Authorization: `Bearer ${token}` } })).status

  const person = async (command = ['users', 'create'], options: string[] = []) => {
    const email = `${randomUUID()}@example.com`
    const { code, stdout, stderr } = await cli(
      [...command, email, '--password-stdin', '--json', ...options],
      `${PASSWORD}\n`,
    )
    expect(`${code} ${stderr}`).toMatch(/^0 /)
    const { id } = JSON.parse(stdout) as { id: number }
    return { id, email, password: PASSWORD }
  }

  it('makes an admin who may do what admins may, and refuses to leave nobody', async () => {
    const first = await person(['admin', 'create'])
    const token = await accessToken(service.url, first)
    expect(await call(token, '/admin/users/1000000/unlock')).toBe(204)
    for (const args of [
      ['users', 'disable', first.email],
      ['users', 'delete', first.email, '--yes'],
      ['users', 'roles', first.email, ''],
      ['users', 'roles', first.email, '--remove', 'admin'],
    ]) {
      const { code, stdout, stderr } = await cli(args)
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain('Make another admin first')
    }
    expect(await call(token, '/admin/users/1000000/unlock')).toBe(204)

    const second = await person()
    const promoted = await cli(['admin', 'create', second.email, '--json'])
    expect(promoted.stderr).toContain('was there already')
    expect(JSON.parse(promoted.stdout)).toEqual({ id: second.id, email: second.email, created: false })
    expect((await cli(['users', 'roles', first.email, '--remove', 'admin'])).code).toBe(0)
    expect(await call(token, '/admin/users/1000000/unlock')).toBe(403)
  })

  it('disables at once: no login, and the tokens that are out end within seconds', async () => {
    const user = await person()
    const token = await accessToken(service.url, user)
    expect(await call(token, '/action')).toBe(200)
    expect((await cli(['users', 'disable', user.email])).code).toBe(0)
    expect((await logIn(service.url, user)).status).toBe(403)
    await expect.poll(() => call(token, '/action'), { timeout: 20_000 }).toBe(401)
    expect((await cli(['users', 'enable', String(user.id)])).code).toBe(0)
    expect((await logIn(service.url, user)).status).toBe(200)
  })

  it('signs out, deletes, and says who did it', async () => {
    const user = await person(['users', 'create'], ['--roles', 'editor'])
    const token = await accessToken(service.url, user)
    const shown = await cli(['users', 'show', user.email, '--json'])
    const { sessions, ...rest } = JSON.parse(shown.stdout) as { sessions: unknown[] }
    expect(rest).toMatchObject({ id: user.id, email: user.email, roles: ['editor'], has_password: true })
    expect(sessions).toHaveLength(1)
    expect(shown.stdout).not.toContain('$2b$')

    expect((await cli(['users', 'revoke', user.email])).code).toBe(0)
    await expect.poll(() => call(token, '/action'), { timeout: 20_000 }).toBe(401)
    const again = await accessToken(service.url, user)
    expect((await cli(['users', 'delete', user.email, '--yes'])).code).toBe(0)
    expect((await logIn(service.url, user)).status).toBe(401)
    await expect.poll(() => call(again, '/action'), { timeout: 20_000 }).toBe(401)

    const trail = await cli(['audit', '--user', String(user.id), '--since', '1h', '--json'])
    const events = trail.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; actor: string | null })
    expect(events.map(({ event }) => event)).toEqual([
      'user_created',
      'login_succeeded',
      'sessions_revoked',
      'login_succeeded',
      'account_deleted',
    ])
    const ours = events.filter(({ event }) => event !== 'login_succeeded')
    for (const { actor } of ours) expect(actor).toMatch(/^cli:.+@.+$/)
    const limited = await cli([
      'audit',
      '--user',
      String(user.id),
      '--event',
      'login_succeeded',
      '--limit',
      '1',
      '--json',
    ])
    expect(limited.stdout.trim().split('\n')).toHaveLength(1)
  })

  it('lists the factors of a user, and removes what was lost', async () => {
    const user = await person()
    const token = await accessToken(service.url, user)
    const ask = async <Answer>(path: string, json?: object): Promise<Answer> => {
      const headers = { Authorization: `Bearer ${token}`, ...(json && { 'Content-Type': 'application/json' }) }
      const init = { method: 'POST', headers, ...(json && { body: JSON.stringify(json) }) }
      return (await (await fetch(service.url + path, init)).json()) as Answer
    }
    const { secret } = await ask<{ secret: string }>('/user/totp')
    await ask('/user/totp/confirm', { code: new TOTP({ secret }).generate() })
    expect((await logIn(service.url, user)).status).toBe(403)

    const listed = await cli(['users', 'factors', user.email, '--json'])
    const { factors, recovery_codes_left } = JSON.parse(listed.stdout) as {
      factors: { id: string; type: string }[]
      recovery_codes_left: number
    }
    expect([factors, recovery_codes_left]).toEqual([[expect.objectContaining({ type: 'totp' })], 10])
    expect(listed.stdout).not.toContain(secret)
    expect((await cli(['users', 'factors', user.email])).stdout).toContain('Authenticator app')

    for (const [args, code] of [
      [['unknown'], 1],
      [[factors[0]!.id, '--all'], 2],
    ] as const) {
      expect((await cli(['users', 'factors', 'remove', user.email, ...args])).code).toBe(code)
    }
    expect((await logIn(service.url, user)).status).toBe(403)
    const removed = await cli(['users', 'factors', 'remove', user.email, factors[0]!.id, '--json'])
    expect(removed.stderr).toContain('no longer has: Authenticator app')
    expect(JSON.parse(removed.stdout)).toEqual({ id: user.id, email: user.email, removed: [factors[0]!.id] })
    expect((await logIn(service.url, user)).status).toBe(200)
    await expect.poll(() => call(token, '/action'), { timeout: 20_000 }).toBe(401)
    const [left] = await rows(
      `SELECT (SELECT count(*) FROM recovery_codes WHERE user_id = ${user.id}) AS codes,
        (SELECT count(*) FROM audit_events WHERE user_id = ${user.id} AND event = 'factors_removed'
          AND actor LIKE 'cli:%') AS told`,
    )
    expect(left).toEqual({ codes: 0, told: 1 })
    expect((await cli(['users', 'factors', 'remove', user.email, '--all'])).stderr).toContain('had no second factor')
  })

  it('sets, adds and removes roles, and lists by them', async () => {
    const user = await person()
    const role = `r${user.id}`
    for (const [args, roles] of [
      [['editor,writer'], ['editor', 'writer']],
      [
        ['--add', role],
        ['editor', role, 'writer'],
      ],
      [
        ['--add', 'zebra', '--remove', 'editor'],
        [role, 'writer', 'zebra'],
      ],
    ] as const) {
      const { code, stdout } = await cli(['users', 'roles', user.email, ...args, '--json'])
      expect([code, JSON.parse(stdout)]).toEqual([0, { id: user.id, email: user.email, roles: [...roles].sort() }])
    }
    const listed = await cli(['users', 'list', '--role', role, '--json'])
    expect(
      listed.stdout
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: number }).id),
    ).toEqual([user.id])
    const prefix = await cli(['users', 'list', '--email', user.email.slice(0, 20).toUpperCase()])
    expect(prefix.stdout).toContain(user.email)
    expect(prefix.stdout.trim().split('\n')).toHaveLength(2)
    expect((await cli(['users', 'list', '--role', role, '--disabled'])).stdout).toBe('')
    const one = await cli(['users', 'list', '--limit', '1', '--json'])
    expect(one.stdout.trim().split('\n')).toHaveLength(1)
    expect(one.stderr).toContain('There are more')
  })

  it('refuses what HTTP refuses, and changes nothing', async () => {
    const user = await person()
    const before = await rows('SELECT count(*) AS n FROM users')
    const fresh = `${randomUUID()}@example.com`
    for (const [args, input, said] of [
      [['users', 'create', fresh, '--password-stdin'], 'password1\n', 'everybody tries first'],
      [['users', 'create', fresh, '--password-stdin'], 'short\n', 'too short'],
      [['admin', 'create', fresh, '--password-stdin'], `${fresh}\n`, 'everybody tries first'],
      [['users', 'create', 'nobody', '--password-stdin'], `${PASSWORD}\n`, 'form that is not allowed'],
      [['users', 'create', user.email.toUpperCase(), '--password-stdin'], `${PASSWORD}\n`, 'belongs to a user already'],
      [['users', 'create', fresh], '', '--password-stdin'],
      [['admin', 'create', fresh], '', '--password-stdin'],
      [['users', 'delete', user.email], 'y\n', 'say --yes'],
      [['users', 'show', fresh], '', 'There is no such user'],
      [['users', 'disable', '987654321'], '', 'There is no such user'],
    ] as const) {
      const { code, stdout, stderr } = await cli([...args], input)
      expect([args, code, stdout]).toEqual([args, 1, ''])
      expect(stderr).toContain(said)
      expect(stderr).not.toMatch(/^ +at /m)
    }
    expect(await rows('SELECT count(*) AS n FROM users')).toEqual(before)
  })

  it('makes no admin of an address that nobody confirmed, nor of somebody who is disabled', async () => {
    const unconfirmed = await person(['users', 'create'], ['--unverified'])
    const disabled = await person()
    await cli(['users', 'disable', disabled.email])
    for (const { email } of [unconfirmed, disabled]) expect((await cli(['admin', 'create', email])).code).toBe(1)
    expect(await rows(`SELECT roles FROM users WHERE id IN (${unconfirmed.id}, ${disabled.id})`)).toEqual([
      { roles: '[]' },
      { roles: '[]' },
    ])
    expect((await logIn(service.url, unconfirmed)).status).toBe(403)
  })

  it('works while the service writes', async () => {
    const user = await person()
    const demoSessions = async () => {
      const of = `user_id = (SELECT id FROM users WHERE email = '${service.demo.email}')`
      return Number((await rows(`SELECT count(*) AS n FROM sessions WHERE ${of}`))[0]!.n)
    }
    const before = await demoSessions()
    const logins = Array.from({ length: 12 }, () => logIn(service.url, service.demo).then(({ status }) => status))
    const commands = ['disable', 'enable', 'revoke'].map((name) => cli(['users', name, user.email]))
    // workerd may report the lock on stderr before it is free.
    expect((await Promise.all(commands)).map(({ code }) => code)).toEqual([0, 0, 0])
    // Nor does the service wait for a lock: a login that meets one is refused as by any fault of D1.
    const statuses = await Promise.all(logins)
    for (const status of statuses) expect([200, 429, 503]).toContain(status)
    expect((await demoSessions()) - before).toBeGreaterThanOrEqual(statuses.filter((status) => status === 200).length)
  })

  it('says what the running service says', async () => {
    const { code, stdout } = await cli(['doctor', '--json', '--url', service.url])
    const findings = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; about: string })
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([])
    expect(findings.map(({ about }) => about)).toEqual(
      expect.arrayContaining(['node', 'bindings', 'migrations', 'clock of the database', 'service']),
    )
    expect(code).toBe(0)
    const nobody = await cli(['doctor', '--json', '--url', 'http://localhost:1'])
    expect(nobody.code).toBe(1)
    expect(nobody.stdout).toContain('did not answer')
  })

  describe.skipIf(withoutPython('pty'))('in a terminal', () => {
    const typed = (args: string[], lines: { after: string; type: string }[]) => {
      const command = ['npm', 'run', '--silent', 'latchkey', '--', ...args, '--persist-to', service.persistTo]
      return python('type_password.py', { command, lines }) as { shown: string; code: number }
    }

    it('asks for the password twice, and shows neither', async () => {
      const email = `${randomUUID()}@example.com`
      const twice = [
        { after: 'Password:', type: `${PASSWORD}\r` },
        { after: 'Once more:', type: `${PASSWORD}\r` },
      ]
      const { shown, code } = typed(['users', 'create', email], twice)
      expect([code, shown.includes('herons')]).toEqual([0, false])
      expect((await logIn(service.url, { email, password: PASSWORD })).status).toBe(200)

      const other = `${randomUUID()}@example.com`
      const differing = typed(['users', 'create', other], [twice[0]!, { after: 'Once more:', type: 'another one\r' }])
      expect(differing.code).toBe(1)
      expect(differing.shown).toContain('not the same')
      expect((await cli(['users', 'show', other])).code).toBe(1)
    })

    it('asks before it deletes, and Ctrl-C is a no', async () => {
      const user = await person()
      const answers = [
        ['n\r', 1],
        ['\u0003', 130],
        ['y\r', 0],
      ] as const
      for (const [type, code] of answers) {
        expect((await cli(['users', 'show', user.email])).code).toBe(0)
        expect(typed(['users', 'delete', user.email], [{ after: '[y/N]', type }]).code).toBe(code)
      }
      expect((await cli(['users', 'show', user.email])).code).toBe(1)
    })

    it('leaves quietly with Ctrl-C at a password', () => {
      const email = `${randomUUID()}@example.com`
      const { code, shown } = typed(['users', 'create', email], [{ after: 'Password:', type: '\u0003' }])
      expect(code).toBe(130)
      expect(shown).not.toMatch(/Error|^ +at /m)
    })
  })
})
