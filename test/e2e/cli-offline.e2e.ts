/** What the command line does without a running service: the way to a deployed database, secrets, usage. */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { config } from '../../src/config.ts'
import { batch } from '../../src/core/d1.ts'
import { findUser, hasEmail } from '../../src/core/users/users.ts'
import { disableUser } from '../../src/features/admin/disable.ts'
import { MIGRATIONS } from '../../src/core/migrations.ts'
import { sql } from '../../src/lib/sql.ts'
import { withLocalD1 } from '../../scripts/local.ts'
import { applyMigrations } from '../../scripts/migrations.ts'
import { checkDatabase } from '../../scripts/cli/check-database.ts'
import { GIVEN_BY_DEV, judged } from '../../scripts/cli/check-settings.ts'
import { commandCall } from '../../scripts/cli/call.ts'
import { inlined, wranglerD1 } from '../../scripts/cli/wrangler-d1.ts'
import { newSigningKeys, NEXT_SECONDS, nextStep, type Step } from '../../scripts/signing-keys.ts'
import type { SigningJwk } from '../../src/setting-types.ts'
import { latchkey } from './cli.ts'
import { executeFile, ROOT, temporaryFolder } from './service.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a database through wrangler', () => {
  // The same way as --remote, to a local one.
  const db = wranglerD1(['--local', '--persist-to', join(folder, 'state')])
  const by = { ip: null, country: null, user_agent: `'; DROP TABLE users; --\r\n한글 ?`, language: 'en' } as const
  const insert = (email: string) => sql`INSERT INTO users (email, roles) VALUES (${email}, ${'["admin"]'}) RETURNING id`

  it('runs the use-cases of the Worker, all statements or none, and takes values as they are', async () => {
    await executeFile(join(folder, 'state'), join(ROOT, 'schema.sql'))
    const [one, two] = [`${randomUUID()}'"\`;--@example.com`, `${randomUUID()}@example.com`]
    await batch(db, [insert(one), insert(two)])
    const user = await findUser(db, hasEmail(one))
    expect(user).toEqual(expect.objectContaining({ email: one, roles: ['admin'] }))
    const command = commandCall(db, { ...by, request_id: 'r' }, 1_000)
    await disableUser(command, user!.id)
    expect((await findUser(db, hasEmail(one)))?.disabled_at).toBe(1_000)
    const [events] = await batch<{ user_agent: string }>(db, [sql`SELECT user_agent FROM audit_events`])
    expect(events).toEqual([{ user_agent: by.user_agent }])

    const last = await findUser(db, hasEmail(two))
    await expect(disableUser(command, last!.id)).rejects.toThrow('last_admin')
    const third = `${randomUUID()}@example.com`
    await expect(batch(db, [insert(third), insert(two)])).rejects.toThrow('unavailable') // the second is not unique
    expect(await findUser(db, hasEmail(third))).toBeUndefined()
  })

  it('takes only what a database can hold', () => {
    expect(inlined(`SELECT '?', ?, ?`, [null, 1.5])).toBe(`SELECT '?', NULL, 1.5`)
    for (const value of [NaN, Infinity, undefined, 'a\0b', '\ud800', {}]) {
      expect(() => inlined('SELECT ?', [value])).toThrow(TypeError)
    }
    for (const params of [[], [1, 2]]) expect(() => inlined('SELECT ?', params)).toThrow(TypeError)
  })
})

describe('secret rotate', () => {
  it('keeps the old value as the previous one, and the rest of the file', async () => {
    const file = join(folder, 'vars')
    const text = '# mine\nJWT_SECRET_KEY=old-one\nJWT_SECRET_KEY_PREVIOUS=older\nMAIL_FROM=a@b.example\n'
    writeFileSync(file, text, { mode: 0o600 })
    const kept = await latchkey(['secret', 'rotate', '--file', file]) // the older one may still be needed
    expect([kept.code, readFileSync(file, 'utf8')]).toEqual([1, text])
    const { code, stdout, stderr } = await latchkey(['secret', 'rotate', '--file', file, '--force'])
    expect([code, stdout]).toEqual([0, ''])
    const after = readFileSync(file, 'utf8')
    expect(after).toMatch(
      /^# mine\nJWT_SECRET_KEY=[\w-]{43}\nJWT_SECRET_KEY_PREVIOUS=old-one\nMAIL_FROM=a@b\.example\n$/,
    )
    expect(stderr).not.toMatch(/old-one|[\w-]{43}/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).filter((name) => name.startsWith('vars'))).toEqual(['vars'])

    // Never set: it was derived.
    await latchkey(['secret', 'rotate', 'LATCHKEY_SECRET', '--file', file, '--persist-to', join(folder, 'rotated')])
    const [, key] = /^JWT_SECRET_KEY=(.+)$/m.exec(after)!
    expect(readFileSync(file, 'utf8')).toContain(`LATCHKEY_SECRET_PREVIOUS=${key}\n`)
  })

  it('says the steps for a deployed one, in order', async () => {
    const { code, stdout } = await latchkey(['secret', 'rotate', 'LATCHKEY_SECRET', '--remote'])
    expect(code).toBe(0)
    const places = [
      'put LATCHKEY_SECRET_PREVIOUS',
      'put LATCHKEY_SECRET ',
      'secret rotate LATCHKEY_SECRET --reencrypt --remote',
      'delete LATCHKEY_SECRET_PREVIOUS',
    ].map((step) => stdout.indexOf(step))
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(places[0]).toBeGreaterThan(0)
  })
})

describe('secret rotate signing', () => {
  const parsed = (SIGNING_KEYS: string) => config({ JWT_SECRET_KEY: 'x'.repeat(32), SIGNING_KEYS }).SIGNING_KEYS!
  const states = (keys: SigningJwk[]) =>
    keys.map(({ alg, latchkey: state = 'current', ...key }) => `${alg} ${state}${'d' in key ? '' : ', public'}`)

  it('makes keys, and replaces them in three steps, each of which is a setting that works', () => {
    const at = 1_700_000_000
    const created = nextStep([], at, 600)
    const published = nextStep(created.keys, at, 600)
    const switched = nextStep(published.keys, at + NEXT_SECONDS, 600)
    const removed = nextStep(switched.keys, at + NEXT_SECONDS + 600, 600)
    const steps = [created, published, switched, removed]
    expect(steps.map(({ name }) => name)).toEqual(['created', 'published', 'switched', 'removed'])
    expect(steps.map(({ due }) => due)).toEqual([0, 0, at + NEXT_SECONDS, at + NEXT_SECONDS + 600])
    const current = ['ES256 current', 'RS256 current']
    expect(steps.map(({ keys }) => states(keys))).toEqual([
      current,
      [...current, 'ES256 next', 'RS256 next'],
      [...current, 'ES256 previous, public', 'RS256 previous, public'],
      current,
    ])
    const kids = ({ keys }: Step) => keys.map(({ kid }) => kid)
    const [first, next] = [kids(created), kids(published).slice(2)]
    expect([kids(published), kids(switched), kids(removed)]).toEqual([[...first, ...next], [...next, ...first], next])
    for (const { keys } of steps) expect(parsed(JSON.stringify(keys))).toHaveLength(keys.length)
    expect(nextStep(removed.keys, at, 600).name).toBe('published')
  })

  it('writes them into the file, prints none, and takes no step before its time', async () => {
    const file = join(folder, 'signing')
    const rotate = (...more: string[]) => latchkey(['secret', 'rotate', 'signing', '--file', file, ...more])
    writeFileSync(file, '# mine\nMAIL_FROM=a@b.example\n', { mode: 0o600 })
    const { code, stdout, stderr } = await rotate()
    expect([code, stdout]).toEqual([0, ''])
    expect(stderr).not.toMatch(/"d"|[\w-]{43}/)
    expect(readFileSync(file, 'utf8')).toMatch(/^# mine\nMAIL_FROM=a@b\.example\nSIGNING_KEYS=\[.*\]\n$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)

    expect((await rotate('--json')).stdout).toBe('{"name":"SIGNING_KEYS","step":"published"}\n')
    const published = readFileSync(file, 'utf8')
    const early = await rotate()
    expect([early.code, readFileSync(file, 'utf8')]).toEqual([1, published])
    expect(early.stderr).toContain('in 24 hours')
    expect((await rotate('--force')).code).toBe(0)

    writeFileSync(file, 'SIGNING_KEYS=[{"d":"a-secret"\n')
    const broken = await rotate()
    expect([broken.code, broken.stderr]).toEqual([1, 'SIGNING_KEYS is malformed: --print gives fresh ones.\n'])
  })

  it('takes the deployed ones from the environment, and prints what they become', () => {
    const args = ['run', '-s', 'latchkey', '--', 'secret', 'rotate', 'signing', '--remote']
    const first = newSigningKeys()
    const env = { ...process.env, SIGNING_KEYS: JSON.stringify(first) }
    const { status, stdout, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', env })
    expect(status).toBe(0)
    expect(parsed(stdout).slice(0, 2)).toEqual(first)
    expect(parsed(stdout)).toHaveLength(4)
    expect(stderr).toContain('npx wrangler secret put SIGNING_KEYS')
  })
})

describe('what goes in and out', () => {
  it('a password on standard input is its first line, in UTF-8', async () => {
    const at = ['--password-stdin', '--persist-to', join(folder, 'passwords')]
    const first = await latchkey(['users', 'create', 'line@example.com', ...at], 'velvet-otter-plinth-9\nsecond line\n')
    expect(first).toMatchObject({ code: 0 })
    const common = await latchkey(
      ['users', 'create', 'common@example.com', ...at],
      'password123\nvelvet-otter-plinth-9\n',
    )
    expect(common).toMatchObject({ code: 1 }) // its first line alone is too common
    const bytes = spawnSync('sh', [
      '-c',
      `printf 'p\\344ssw\\366rd-xyz-1234\\n' | npm run -s latchkey -- users create latin@example.com ${at.join(' ')}`,
    ])
    expect(bytes.status).toBe(1)
    expect(bytes.stderr.toString()).toContain('not UTF-8')
  })

  it.each([
    ['a full disk', '> /dev/full'],
    ['a reader who has gone', '| true'],
  ])('an answer that could not be written is no success: %s', (_what, where) => {
    const shell = `set -o pipefail; (sleep 1; exec npm run -s latchkey -- help) ${where}`
    expect(spawnSync('bash', ['-c', shell]).status).not.toBe(0)
  })
})

describe('wrong usage', () => {
  it.each([
    ['frobnicate'],
    ['users'],
    ['users', 'list', '--nonsense'],
    ['users', 'show'],
    ['users', 'show', '1', '2'],
    ['users', 'list', '--limit', '0'],
    ['users', 'roles', '1'],
    ['users', 'roles', '1', 'Admin'],
    ['audit', '--since', 'yesterday'],
    ['secret', 'rotate', 'MAIL_TOKEN'],
    ['users', 'list', '--remote', '--persist-to', 'x'],
  ])('%s %s %s %s', async (...args) => {
    const { code, stdout, stderr } = await latchkey(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('Usage: npm run latchkey')
    expect(stderr.trim().split('\n')).toHaveLength(2) // the error stands last, where it is seen
  })

  it.each([
    [['users', 'lsit'], 'There is no command "users lsit". Did you mean "users list"?'],
    [['user', 'show', '1'], 'There is no command "user show". Did you mean "users show"?'],
    [['list'], 'There is no command "list". Did you mean "users list"?'],
    [['doctr', '--json'], 'There is no command "doctr". Did you mean "doctor"?'],
    [['users', 'lsit', '--help'], 'There is no command "users lsit". Did you mean "users list"?'],
    [['help', 'frobnicate'], 'There is no command "frobnicate".'],
    [['secret'], 'Which one? "secret rotate", "secret rotate signing".'],
    [['--json', 'users', 'list'], 'The command comes first, its options after it.'],
    [['users', 'list', '--emial', 'a'], 'There is no option --emial. Did you mean "--email"?'],
    [['doctor', '--remoet'], 'There is no option --remoet. Did you mean "--remote"?'],
    [['users', 'list', '-x'], 'There is no option -x.'],
  ])('%j: %s', async (args, said) => {
    const { code, stdout, stderr } = await latchkey(args)
    expect([code, stdout, stderr.trimEnd().split('\n').at(-1)]).toEqual([2, '', said])
  })

  it('the help of a group is its commands', async () => {
    for (const args of [
      ['users', '--help'],
      ['help', 'users'],
      ['users', '-h'],
    ]) {
      const { code, stdout, stderr } = await latchkey(args)
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toMatch(/^Usage: npm run latchkey -- users <command>/)
      expect([...stdout.matchAll(/^ {2}(\w+ \w+)/gm)].map(([, name]) => name)).toEqual([
        'users create',
        'users list',
        'users show',
        'users disable',
        'users enable',
        'users revoke',
        'users roles',
        'users factors',
        'users factors',
        'users delete',
      ])
    }
  })

  it('help is no error, and names the exit codes', async () => {
    for (const args of [[], ['help'], ['users', 'show', '--help']]) {
      const { code, stdout, stderr } = await latchkey(args)
      expect([code, stderr]).toEqual([0, ''])
      expect(stdout).toContain('Exit codes')
    }
  })
})

describe('doctor', () => {
  it('does not ask in .dev.vars for what npm run dev gives, and finds keys that are cut', () => {
    const SIGNING_KEYS = JSON.stringify(newSigningKeys())
    const values = { JWT_SECRET_KEY: 'x'.repeat(32), LATCHKEY_SECRET: 'y'.repeat(32), ACCESS_TOKEN_ALG: 'ES256' }
    expect(judged({ ...values, SIGNING_KEYS }, GIVEN_BY_DEV)).toEqual([
      { level: 'ok', about: 'settings', text: 'are complete' },
    ])
    for (const keys of [SIGNING_KEYS.slice(0, -9), undefined]) {
      expect(judged({ ...values, SIGNING_KEYS: keys }, GIVEN_BY_DEV)).toMatchObject([
        { level: 'fail', about: 'SIGNING_KEYS' },
      ])
    }
  })

  it('names a missing migration of ours, though one of somebody’s own has a higher number', async () => {
    const persistTo = join(folder, 'doctor')
    const change = (text: string) => withLocalD1(persistTo, (db) => db.prepare(text).run())
    const migrations = async () => (await checkDatabase(false, persistTo, Date.now() / 1000))[0]
    await withLocalD1(persistTo, applyMigrations)
    await change(`INSERT INTO d1_migrations (name) VALUES ('9001_of_somebody.sql')`)
    expect(await migrations()).toMatchObject({ level: 'ok', about: 'migrations' })
    await change(`DELETE FROM d1_migrations WHERE name = '${MIGRATIONS.at(-1)}.sql'`)
    const { level, text } = (await migrations())!
    expect([level, text]).toEqual(['fail', expect.stringContaining(`1 is missing (${MIGRATIONS.at(-1)}.sql)`)])
  })

  it('names the columns that keep accounts from being deleted', async () => {
    const persistTo = join(folder, 'kept')
    const accounts = async () =>
      (await checkDatabase(false, persistTo, Date.now() / 1000)).find(({ about }) => about === 'accounts')
    await withLocalD1(persistTo, async (db) => {
      await applyMigrations(db)
      await db.batch(
        [
          'CREATE TABLE my_notes (user_id INTEGER REFERENCES users(id) ON DELETE CASCADE)',
          'CREATE TABLE my_drafts (user_id INTEGER REFERENCES users(id) ON DELETE SET NULL, note REFERENCES my_notes)',
        ].map((text) => db.prepare(text)),
      )
    })
    expect(await accounts()).toMatchObject({ level: 'ok' })
    await withLocalD1(persistTo, (db) => db.prepare('CREATE TABLE likes (user_id REFERENCES Users(id))').run())
    const text = 'likes.user_id keeps accounts from being deleted: add ON DELETE CASCADE'
    expect(await accounts()).toMatchObject({ level: 'warn', text })
  })
})
