/** A Flask application with 10,000 users moves here by the commands of docs/from-flask.md, while both are running. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settings } from '../../src/config.ts'
import { PYTHON, python, pythonArgs } from './python.ts'
import {
  accessToken,
  freePort,
  logIn,
  query,
  ROOT,
  run,
  type Service,
  skipWithout,
  startService,
  temporaryFolder,
} from './service.ts'

const COUNT = 10_000
const KEY = randomBytes(32).toString('base64url')
const PASSWORDS = [
  ['the password of today', 12],
  ['비밀번호 하나', 10],
  ['old and short', 4],
] as const

/** With gaps, in mixed case, some with a domain that is written in Hangul. */
const people = Array.from({ length: COUNT }, (_, i) => ({
  id: i * 3 + 7,
  email: i % 500 === 3 ? `Person.${i}@한국.example` : `Person.${i}@${i % 2 ? 'Example.com' : 'mail.example.org'}`,
  password: PASSWORDS[i % PASSWORDS.length]![0],
  hash: i % PASSWORDS.length,
}))
const sample = [0, 1, 2, 3, 503, 4_999, 5_000, 5_001, COUNT - 1].map((i) => people[i]!)

const withoutFlask = skipWithout(`Flask, bcrypt or PyJWT of ${PYTHON}`, () =>
  execFileSync(PYTHON, ['-c', 'import bcrypt, flask, jwt'], { stdio: 'ignore' }),
)

const legacy = 'LEGACY_TOKENS_UNTIL' in settings.entries
const tomorrow = new Date(Date.now() + 86_400_000).toISOString()

describe.skipIf(withoutFlask)('a Flask application and its 10,000 users', () => {
  const folder = temporaryFolder()
  const database = join(folder, 'users.db')
  let service: Service
  let flask: { url: string; stop: () => Promise<void> }
  let hashes: string[]

  beforeAll(async () => {
    const rows = people.map(({ id, email }) => [id, email])
    hashes = python('flask_app/people.py', { database, passwords: PASSWORDS, people: rows }) as string[]
    flask = await startFlask(database)
    service = await startService({ vars: { JWT_SECRET_KEY: KEY, ...(legacy && { LEGACY_TOKENS_UNTIL: tomorrow }) } })
  })
  afterAll(async () => {
    await flask?.stop()
    await service?.stop()
    rmSync(folder, { recursive: true })
  })

  const moved = <Row>(columns: string) =>
    query<Row>(service.persistTo, `SELECT ${columns} FROM users WHERE email <> '${service.demo.email}' ORDER BY id`)
  const open = (url: string, token: string) =>
    fetch(`${url}/action`, { method: 'POST', headers: { Authorization: token } })

  it('moves by the commands of the page', async () => {
    const page = readFileSync(join(ROOT, 'docs', 'from-flask.md'), 'utf8')
    const commands = [...page.matchAll(/^npm run latchkey -- import .*users\.db$/gm)].map(([command]) => command)
    const local = commands.filter((command) => !command.includes('--remote'))
    expect(local).toEqual(['npm run latchkey -- import --dry-run users.db', 'npm run latchkey -- import users.db'])
    const said: string[] = []
    for (const command of local) {
      const here = `${command.replace('users.db', `'${database}'`)} --persist-to '${service.persistTo}'`
      const { code, stdout, output } = await run('sh', ['-c', here])
      expect([code, output.includes('refused\n')]).toEqual([0, true])
      expect(output).not.toContain('$2b$')
      said.push(stdout)
    }
    expect(said[0]).toContain('10,000 rows: 10,000 would be taken, 0 present, 0 refused')
    expect(said[1]).toContain('10,000 rows: 10,000 taken, 0 present, 0 refused')
  })

  it('keeps ids, hashes and addresses, and asks nobody to do anything', async () => {
    const rows = await moved<object>('id, email, hashed_password, password_set_at, email_verified, disabled_at')
    expect(rows).toEqual(
      people.map(({ id, email, hash }) => ({
        id,
        email: email.replace('한국', 'xn--3e0b707e'),
        hashed_password: hashes[hash],
        password_set_at: null,
        email_verified: 1,
        disabled_at: null,
      })),
    )
    expect(await query(service.persistTo, 'SELECT count(*) AS n FROM outbox')).toEqual([{ n: 0 }])
  })

  it.each(sample)('$email signs in with the old password, and with no other', async ({ id, email, password }) => {
    const response = await logIn(service.url, { email, password })
    expect(response.status).toBe(200)
    const { access_token } = (await response.json()) as { access_token: string }
    expect(await (await open(service.url, access_token)).json()).toMatchObject({ user_id: id })
    expect((await logIn(service.url, { email, password: `${password}!` })).status).toBe(401)
  })

  it('our token opens the login_required of Flask, which closes for a forged one', async () => {
    const { id, email, password } = sample[1]!
    const token = await accessToken(service.url, { email, password })
    const response = await open(flask.url, token)
    expect([response.status, await response.json()]).toEqual([200, { user_id: id }])
    expect((await open(flask.url, `${token.slice(0, -8)}AAAAAAAA`)).status).toBe(401)
    expect((await fetch(`${flask.url}/action`)).status).toBe(401)
  })

  it('our token opens it at once on a host whose clock is three seconds behind, and so does its own', async () => {
    const behind = await startFlask(database, 3)
    try {
      const { id, email, password } = sample[1]!
      const token = await accessToken(service.url, { email, password })
      const response = await open(behind.url, token)
      expect([response.status, await response.json()]).toEqual([200, { user_id: id }])
      const own = await accessToken(behind.url, { email, password })
      expect((await open(behind.url, own)).status).toBe(200)
      expect((await open(service.url, own)).status).toBe(legacy ? 200 : 401)
    } finally {
      await behind.stop()
    }
  })

  it('a token of Flask does not open what is ours, unless a migration is said to be running', async () => {
    const { email, password } = sample[0]!
    const token = await accessToken(flask.url, { email, password })
    expect((await open(flask.url, token)).status).toBe(200)
    expect((await open(service.url, token)).status).toBe(legacy ? 200 : 401)
  })

  it.skipIf(!legacy)('then it opens the action as the same user, and nothing that shows the account', async () => {
    const { id, email, password } = sample[2]!
    const token = await accessToken(flask.url, { email, password })
    expect(await (await open(service.url, token)).json()).toMatchObject({ user_id: id })
    expect((await fetch(`${service.url}/user/me`, { headers: { Authorization: token } })).status).toBe(401)
  })

  it('a second import changes nothing', async () => {
    const before = await moved<object>('*')
    const { code, stdout } = await run('npm', [
      'run',
      '-s',
      'latchkey',
      '--',
      'import',
      database,
      '--persist-to',
      service.persistTo,
    ])
    expect([code, stdout]).toEqual([0, '10,000 rows: 0 taken, 10,000 present, 0 refused\n'])
    expect(await moved<object>('*')).toEqual(before)
  })
})

/** Waits until it answers. Its clock may be behind, by so many seconds. */
async function startFlask(database: string, behind = 0) {
  const port = await freePort()
  const file = join(import.meta.dirname, 'python', 'flask_app', 'app.py')
  const env = { ...process.env, DATABASE: database, JWT_SECRET_KEY: KEY }
  const child = spawn(PYTHON, [...pythonArgs(file, behind), String(port)], { env, stdio: 'ignore' })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 400; tries++) {
    if (child.exitCode !== null) throw new Error('The Flask application ended by itself.')
    if ((await fetch(`${url}/action`).catch(() => undefined))?.status === 401) break
    await sleep(50)
  }
  return { url, stop: () => (child.kill(), exited) }
}
