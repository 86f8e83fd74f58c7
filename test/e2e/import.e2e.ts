/** Users that are moved by the command line, into the database that `npm run dev` uses. */
import { spawn } from 'node:child_process'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { commandCall } from '../../scripts/cli/call.ts'
import { wranglerD1 } from '../../scripts/cli/wrangler-d1.ts'
import { exportFormats, storedUsers } from '../../scripts/import/export.ts'
import { importUsers, type Outcome, type Run } from '../../scripts/import/run.ts'
import { openSource } from '../../scripts/import/source.ts'
import { OFFLINE, ROOT, withLocalD1 } from '../../scripts/local.ts'
import { applyMigrations } from '../../scripts/migrations.ts'
import { lendEmpty } from './lent-database.ts'
import { run, temporaryFolder } from './service.ts'

process.env = { ...process.env, ...OFFLINE }
const folder = temporaryFolder()
const state = join(folder, 'state')

const HASH = '$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
const NOW = 1_700_000_000
const by = { ip: null, country: null, user_agent: null, language: 'en', request_id: 'r', actor: 'cli:test' } as const

const empty = lendEmpty(folder)
const withEmpty = async <T>(use: (db: D1Database) => Promise<T>): Promise<T> => use(await empty())

function file(content: string, name = 'in.jsonl'): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** Rows that name no password have none. */
const jsonl = (rows: object[]) =>
  rows
    .map((row) => (Object.keys(row).some((name) => /password/i.test(name)) ? row : { hashed_password: null, ...row }))
    .map((row) => `${JSON.stringify(row)}\n`)
    .join('')

async function imported(db: D1Database, content: string, options: Partial<Run> & { maxBytes?: number } = {}) {
  const outcomes: Outcome[] = []
  const { maxBytes = 1_000_000, ...given } = options
  const source = openSource(file(content))
  try {
    await importUsers(source, {
      call: commandCall(db, by, NOW),
      target: { db, maxBytes },
      named: new Map(),
      dryRun: false,
      withoutPassword: false,
      newIds: false,
      firebase: undefined,
      report: (outcome) => void outcomes.push(outcome),
      ...given,
    })
  } finally {
    source.close()
  }
  return outcomes
}

const brief = (outcomes: Outcome[]) =>
  outcomes.map(({ line, outcome, reason, other }) => [
    line,
    reason ?? outcome,
    ...(other ? ['line' in other ? `line ${other.line}` : `${other.id} ${other.email}`] : []),
  ])

async function users(db: D1Database) {
  const rows: string[] = []
  for await (const page of storedUsers(db, 1000)) rows.push(...page.map(exportFormats.jsonl.line))
  return rows
}

const latchkey = (...args: string[]) => run('npm', ['run', '-s', 'latchkey', '--', ...args, '--persist-to', state])

describe('what a stranger brings', () => {
  it.each([true, false])('who gets an id gets none that a later row brings (dry run: %s)', (dryRun) =>
    withEmpty(async (db) => {
      const content = jsonl([{ email: 'without@example.com' }, { id: 1, email: 'with@example.com' }])
      const outcomes = await imported(db, content, { dryRun })
      expect(outcomes.map(({ line, outcome }) => [line, outcome])).toEqual([
        [1, 'taken'],
        [2, 'taken'],
      ])
      const rows = await db.prepare('SELECT id, email FROM users ORDER BY id').all()
      const expected = ['with@example.com', 'without@example.com'].map((email, i) => ({ id: i + 1, email }))
      expect(rows.results).toEqual(dryRun ? [] : expected)
    }),
  )

  it('nobody is taken without a password because its column has another name', () =>
    withEmpty(async (db) => {
      const line = `${JSON.stringify({ id: 1, email: 'a@example.com', pw: HASH })}\n`
      expect(brief(await imported(db, line))).toEqual([[1, 'password_missing']])
      expect(brief(await imported(db, line, { named: new Map([['hashed_password', 'pw']]) }))).toEqual([[1, 'taken']])
      const csv = file(`id,email,pw\n2,b@example.com,${HASH}\n`, 'pw.csv')
      const source = openSource(csv)
      const call = commandCall(db, by, NOW)
      const run = { call, target: { db, maxBytes: 1_000_000 }, named: new Map(), dryRun: false }
      const rest = { withoutPassword: false, newIds: false, firebase: undefined, report: () => {} }
      await expect(importUsers(source, { ...run, ...rest })).rejects.toThrow('--map hashed_password=')
      source.close()
    }))

  it('a pipe is refused, because its beginning would be lost', () => {
    expect(() => openSource('/dev/null')).toThrow('not a regular file')
  })
})

describe('rows that are in the way', () => {
  const there = [
    { id: 1, email: 'One@Example.com' },
    { id: 2, email: 'two@example.com' },
    { id: 3, email: 'xn@xn--bcher-kva.example' },
  ]
  const rows = [
    { id: 1, email: 'one@example.COM', hashed_password: HASH }, // here already, by another spelling
    { id: 2, email: 'new2@example.com' }, // its id is taken
    { id: 10, email: 'TWO@example.com' }, // its address is taken
    { id: 11, email: 'xn@BÜCHER.example' }, // the same, in another form
    { id: 2, email: 'one@example.com' }, // one has the id, another the address
    { id: 12, email: 'twelve@example.com' },
    { id: 12, email: 'thirteen@example.com' }, // the id again
    { id: 13, email: 'Twelve@example.com' }, // the address again
    { id: 12, email: 'TWELVE@EXAMPLE.COM' }, // both again
    { id: 14, email: 'idn@münchen.example' },
    { id: 15, email: 'idn@xn--mnchen-3ya.example' },
    { id: 2, email: 'free@example.com' }, // refused, so that the next one may have the address
    { id: 16, email: 'free@example.com' },
  ]
  const expected = [
    [1, 'present'],
    [2, 'id_taken', '2 two@example.com'],
    [3, 'email_taken', '2 two@example.com'],
    [4, 'email_taken', '3 xn@xn--bcher-kva.example'],
    [5, 'duplicate_email', 'line 1'],
    [6, 'taken'],
    [7, 'duplicate_id', 'line 6'],
    [8, 'duplicate_email', 'line 6'],
    [9, 'duplicate_id', 'line 6'],
    [10, 'taken'],
    [11, 'duplicate_email', 'line 10'],
    [12, 'id_taken', '2 two@example.com'],
    [13, 'taken'],
  ]

  it('are not only those of an account that has the address: it is kept free for whoever had it until recently', async () => {
    await withEmpty(async (db) => {
      await imported(db, jsonl([{ id: 1, email: 'new@example.com' }]))
      await db
        .prepare(
          `INSERT INTO undos (hash, user_id, what, email, created_at, expires_at)
            VALUES (?, 1, 'email_changed', 'old@example.com', ?, ?)`,
        )
        .bind('h'.repeat(43), NOW - 60, NOW + 1)
        .run()
      const rows = [
        { id: 1, email: 'old@example.com' },
        { id: 2, email: 'OLD@example.com' },
      ]
      for (const dryRun of [true, false]) {
        const outcomes = brief(await imported(db, jsonl([rows[1]!]), { dryRun }))
        expect(outcomes).toEqual([[1, 'email_taken', '1 old@example.com']])
      }
      expect(brief(await imported(db, jsonl([rows[0]!])))).toEqual([[1, 'present']])
      await db.prepare('UPDATE undos SET expires_at = ?').bind(NOW).run()
      expect(brief(await imported(db, jsonl([rows[1]!])))).toEqual([[1, 'taken']])
    })
  })

  it.each([
    ['in one statement', 1_000_000],
    ['in many', 120],
  ])('are named, and nothing of them is overwritten, %s', async (_name, maxBytes) => {
    await withEmpty(async (db) => {
      await imported(db, jsonl(there))
      const before = await users(db)
      expect(brief(await imported(db, jsonl(rows), { dryRun: true, maxBytes }))).toEqual(expected)
      expect(await users(db)).toEqual(before)
      expect(brief(await imported(db, jsonl(rows), { maxBytes }))).toEqual(expected)
      const after = await users(db)
      expect(after.slice(0, 3)).toEqual(before)
      expect(after.slice(3).map((row) => JSON.parse(row) as unknown)).toMatchObject([
        { id: 12, email: 'twelve@example.com' },
        { id: 14, email: 'idn@xn--mnchen-3ya.example' },
        { id: 16, email: 'free@example.com' },
      ])
      const again = expected.map(([line, what, ...other]) => [line, what === 'taken' ? 'present' : what, ...other])
      again[11] = [12, 'email_taken', '16 free@example.com'] // by now both its id and its address are
      expect(brief(await imported(db, jsonl(rows), { maxBytes }))).toEqual(again)
      expect(await users(db)).toEqual(after)
    })
  })

  it('an address that was stored with its domain in Unicode counts too', async () => {
    await withEmpty(async (db) => {
      await db.prepare(`INSERT INTO users (id, email) VALUES (5, 'Ann@bücher.example')`).run()
      expect(brief(await imported(db, jsonl([{ id: 6, email: 'ann@bücher.example' }])))).toEqual([
        [1, 'email_taken', '5 Ann@bücher.example'],
      ])
    })
  })

  it('a registration that nobody confirmed gives way, and an account that waits for an operator does not', async () => {
    await withEmpty(async (db) => {
      const waiting = `INSERT INTO users (id, email, email_verified, unconfirmed_until, disabled_at) VALUES`
      await db
        .prepare(`${waiting} (7, 'A@example.com', 0, 9999999999, NULL), (8, 'b@example.com', 0, 9999999999, 1)`)
        .run()
      const rows = ['a@example.com', 'b@example.com'].map((email, i) => ({ id: i + 1, email }))
      const expected = [
        [1, 'taken'],
        [2, 'email_taken', '8 b@example.com'],
      ]
      expect(brief(await imported(db, jsonl(rows), { dryRun: true }))).toEqual(expected)
      expect(brief(await imported(db, jsonl(rows)))).toEqual(expected)
      const { results } = await db.prepare('SELECT id, email FROM users ORDER BY id').all()
      expect(results.map(({ id }) => id)).toEqual([1, 8])
      const row = { at: NOW, user_id: 7, request_id: by.request_id, actor: by.actor }
      const deleted = `SELECT at, user_id, request_id, actor FROM audit_events WHERE event = 'account_deleted'`
      expect((await db.prepare(deleted).all()).results).toEqual([row])
      const told = await db.prepare(`SELECT type, user_id, actor FROM webhook_outbox WHERE user_id = 7`).all()
      expect(told.results).toEqual([{ type: 'user.deleted', user_id: 7, actor: by.actor }])
    })
  })

  it('somebody who registers in the same moment is not overwritten', async () => {
    await withEmpty(async (db) => {
      let writes = 0
      const racing = {
        prepare: (text: string) => db.prepare(text),
        batch: async (statements: D1PreparedStatement[]) => {
          // One statement asks, two write: first that the ids of the file are kept, then the users and the audit row.
          if (statements.length > 1 && ++writes === 2)
            await db.prepare(`INSERT INTO users (id, email) VALUES (7, 'A@example.com')`).run()
          return db.batch(statements)
        },
      } as unknown as D1Database
      expect(
        brief(
          await imported(
            racing,
            jsonl([
              { id: 1, email: 'a@example.com' },
              { id: 2, email: 'b@example.com' },
            ]),
          ),
        ),
      ).toEqual([
        [1, 'email_taken', '7 A@example.com'],
        [2, 'taken'],
      ])
    })
  })

  it('a run leaves one audit row, and a dry run or one that changes nothing leaves none', async () => {
    await withEmpty(async (db) => {
      const audit = async () => (await db.prepare('SELECT at, event, actor FROM audit_events').all()).results
      const content = jsonl(Array.from({ length: 12_000 }, (_, i) => ({ id: i + 1, email: `u${i}@example.com` })))
      await imported(db, content, { dryRun: true })
      expect(await audit()).toEqual([])
      await imported(db, content)
      await imported(db, content)
      expect(await audit()).toEqual([{ at: NOW, event: 'users_imported', actor: 'cli:test' }])
    })
  })
})

describe('a row', () => {
  const one = async (row: object, options: Partial<Run> = {}) =>
    withEmpty(async (db) => {
      const [outcome] = await imported(db, jsonl([row]), options)
      const [user] = await users(db)
      return { outcome: outcome!, user: user === undefined ? undefined : (JSON.parse(user) as Record<string, unknown>) }
    })
  const email = 'Ann.Lee@Example.com'

  it.each([
    [
      'what Flask has',
      { id: 42, email, hashed_password: HASH },
      {
        id: 42,
        email,
        hashed_password: HASH,
        email_verified: true,
        password_set_at: null,
        roles: [],
        created_at: NOW,
        disabled_at: null,
        language: null,
      },
    ],
    ['other names', { User_ID: '42', 'E-Mail': email, passwordHash: HASH }, { id: 42, email, hashed_password: HASH }],
    [
      'Django',
      {
        id: 3,
        email,
        password: '!abcdefghijabcdefghijabcdefghijabcdefghij',
        is_active: false,
        date_joined: '2024-01-02 03:04:05.678+09:00',
        is_superuser: true,
      },
      { hashed_password: null, disabled_at: NOW, created_at: 1704132245, roles: [] },
    ],
    [
      'Supabase',
      {
        id: '8f0c2f5e-0d3b-4c62-a5a5-111111111111',
        email,
        encrypted_password: HASH,
        email_confirmed_at: null,
        role: 'authenticated',
        raw_app_meta_data: { role: 'admin' },
        banned_until: '2999-01-01',
      },
      { id: 1, hashed_password: HASH, email_verified: false, roles: [], disabled_at: NOW },
    ],
    ['a ban that is over', { email, banned_until: '2020-01-01T00:00:00Z' }, { disabled_at: null }],
    [
      'Auth0',
      {
        _id: { $oid: '60425dc43519d90068f82973' },
        email,
        email_verified: true,
        custom_password_hash: { algorithm: 'bcrypt', hash: { value: HASH } },
      },
      { hashed_password: HASH, email_verified: true },
    ],
    [
      'milliseconds',
      { email, createdAt: '1500000000123', locale: 'ko-KR' },
      { created_at: 1_500_000_000, language: 'ko' },
    ],
    ['roles', { email, roles: '{editor,admin,editor}', lang: 'fr' }, { roles: ['admin', 'editor'], language: null }],
    [
      'a time of password that is not from here',
      { id: 1, email, password: HASH, password_set_at: 5 },
      { password_set_at: null },
    ],
    ['an id too great to be exact', { id: '9007199254740993', email }, { id: 1 }],
  ])('%s', async (_name, row, expected) => {
    const { outcome, user } = await one(row)
    expect(outcome.outcome).toBe('taken')
    expect(user).toEqual({ ...user, ...expected })
  })

  it.each([
    ['email_missing', { id: 1 }],
    ['email_missing', { email: '' }],
    ['email_malformed', { email: 'no at' }],
    ['email_malformed', { email: '한글@example.com' }],
    ['email_malformed', { email: 'a\u200b@example.com' }],
    ['email_missing', { email: ' \t' }],
    ['email_malformed', { email: { $ne: 1 } }],
    ['email_malformed', { email: 'a\0@example.com' }],
    ['email_malformed', { email: `a@${'b'.repeat(300)}.com` }],
    ['password_bcrypt_unsupported', { email, password: HASH.replace('$2b', '$2x') }],
    ['password_bcrypt_too_dear', { email, password: HASH.replace('$12', '$17') }],
    ['password_unknown', { email, password: 'hunter2 hunter2' }],
    ['password_malformed', { email, password: { a: 1 } }],
    ['password_salt_apart', { email, passwordHash: 'x'.repeat(86), salt: 'abc=' }],
    ['deleted', { email, deleted_at: '2024-01-01' }],
    ['unreadable_value', { email, email_verified: 'perhaps' }],
    ['unreadable_value', { email, disabled: 'perhaps' }],
    ['unreadable_value', { email, roles: 'Admin!' }],
    ['unreadable_value', { email, roles: Array.from({ length: 17 }, (_, i) => `r${i}`) }],
  ])('%s: %j', async (reason, row) => {
    const { outcome, user } = await one(row)
    expect(outcome).toEqual({ ...outcome, outcome: 'refused', reason })
    expect(user).toBeUndefined()
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  it('may come without its refused password', async () => {
    const { outcome, user } = await one({ email, password: 'plain text' }, { withoutPassword: true })
    expect(outcome.without_password).toBe('unknown')
    expect(user).toEqual({ ...user, email, hashed_password: null })
  })

  it('may get a new id, which is reported', async () => {
    const { outcome } = await one({ id: 77, email }, { newIds: true })
    expect(outcome).toEqual({ ...outcome, id: 78, old_id: '77', new_id: true })
  })

  it('of Firebase is joined with the parameters of its project', async () => {
    const firebase = { mem_cost: 14, rounds: 8, salt_separator: 'Bw==', signer_key: `${'A'.repeat(86)}==` }
    const row = { localId: 'abc', email, passwordHash: `${'A'.repeat(86)}==`, salt: '42xEC+ixf3L2lw==' }
    const { outcome, user } = await one(row, { firebase })
    expect(outcome.outcome).toBe('taken')
    expect(String(user?.['hashed_password'])).toMatch(/^\$firebase-scrypt\$ln=14,r=8\$42xEC/)
  })
})

describe('the command', () => {
  const SECRET = 'a password in the wrong column'
  const csv = (rows: string[]) => `id,email,hashed_password\n${rows.join('\n')}\n`

  it('tells of every row in a dry run, and then of those that it refused', async () => {
    const path = file(csv([`5,five@example.com,${HASH}`, `6,six@example.com,${SECRET}`, `7,${SECRET},x`]), 'some.csv')
    const [rejects, ids] = [join(folder, 'rejects.csv'), join(folder, 'ids.csv')]
    writeFileSync(rejects, 'older', { mode: 0o644 })
    const dry = await latchkey('import', '--dry-run', '--json', path)
    expect(dry.code).toBe(1)
    const lines = dry.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toEqual([
      { line: 2, outcome: 'taken', id: 5, email: 'five@example.com', old_id: '5' },
      { line: 3, outcome: 'refused', reason: 'password_unknown', id: 6, old_id: '6', email: 'six@example.com' },
      { line: 4, outcome: 'refused', reason: 'email_malformed', id: 7, old_id: '7' },
      {
        summary: {
          rows: 3,
          taken: 1,
          present: 0,
          refused: { password_unknown: 1, email_malformed: 1 },
          without_password: 0,
          no_password: 0,
          new_ids: 0,
          roles: {},
          disabled: 0,
          unverified: 0,
          left_out: {},
          trimmed: 0,
          columns: { id: 'id', email: 'email', hashed_password: 'hashed_password' },
          left_behind: [],
          dry_run: true,
        },
      },
    ])
    const real = await latchkey('import', path, '--rejects', rejects, '--ids', ids)
    expect(real.code).toBe(1)
    expect(real.stdout).toContain('3 rows: 1 taken, 0 present, 2 refused')
    expect(readFileSync(rejects, 'utf8')).toBe(
      'line,reason,field,other_line,other_id,id,email\n3,password_unknown,,,,6,six@example.com\n4,email_malformed,,,,7,\n',
    )
    expect(readFileSync(ids, 'utf8')).toBe('old_id,new_id\n5,5\n')
    expect([statSync(rejects).mode & 0o777, statSync(ids).mode & 0o777]).toEqual([0o600, 0o600])
    for (const text of [dry.output, real.output, readFileSync(rejects, 'utf8')]) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain(HASH)
    }
  })

  it('ends with 0 when every row is here, and with 2 for a usage that makes no sense', async () => {
    const path = file(csv([`8,eight@example.com,${HASH}`]), 'good.csv')
    expect((await latchkey('import', path)).code).toBe(0)
    expect((await latchkey('import', path)).stdout).toContain('1 rows: 0 taken, 1 present, 0 refused')
    expect((await latchkey('import', path, '--format', 'xlsx')).code).toBe(2)
    expect((await latchkey('import')).code).toBe(2)
  })

  it('refuses a file whose columns it does not find', async () => {
    const path = file('a,b\n1,x@example.com\n', 'odd.csv')
    const unknown = await latchkey('import', path)
    expect([unknown.code, unknown.output]).toEqual([1, expect.stringContaining('Columns: a, b.')])
    expect((await latchkey('import', path, '--map', 'email=c')).output).toContain('There is no column c.')
    expect(
      (await latchkey('import', path, '--map', 'email=b', '--map', 'id=a', '--without-password', '--dry-run')).code,
    ).toBe(0)
  })
})

describe('export', () => {
  const rows = [
    {
      id: 3,
      email: 'Three@Example.com',
      hashed_password: HASH,
      password_set_at: 1_600_000_000,
      email_verified: 1,
      disabled_at: 5,
      roles: '["admin","editor"]',
      language: 'ko',
      created_at: 4,
    },
    {
      id: 9,
      email: 'no@example.com',
      hashed_password: null,
      password_set_at: null,
      email_verified: 0,
      disabled_at: null,
      roles: '[]',
      language: null,
      created_at: 0,
    },
    {
      id: 4_000_000_000,
      email: "o'b@example.com",
      hashed_password: 'pbkdf2_sha256$260000$saltsaltsalt$SkUmXpdFtRZXfbT7ODFxBfJPmVjQUeBNKWxkTXKt4bY=',
      password_set_at: null,
      email_verified: 1,
      disabled_at: null,
      roles: '[]',
      language: 'en',
      created_at: 7,
    },
  ]
  beforeAll(async () => {
    await withLocalD1(join(folder, 'full'), async (db) => {
      await applyMigrations(db)
      const columns = Object.keys(rows[0]!)
      const insert = db.prepare(
        `INSERT INTO users (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      )
      await db.batch(rows.map((row) => insert.bind(...Object.values(row))))
    })
  })

  it.each(['jsonl', 'csv'])('as %s is read back into the same users', async (format) => {
    const at = (name: string) => join(folder, name)
    const command = (...args: string[]) => run('npm', ['run', '-s', 'latchkey', '--', ...args])
    writeFileSync(at('a.part'), 'of a run that was killed', { mode: 0o644 })
    const first = await command('export', '--format', format, '--output', at('a'), '--persist-to', at('full'))
    expect([first.code, first.stdout]).toEqual([0, ''])
    expect(first.output).toContain('every password hash')
    expect(statSync(at('a')).mode & 0o777).toBe(0o600)
    expect((await command('import', at('a'), '--persist-to', at(`copy-${format}`))).code).toBe(0)
    const second = await command('export', '--format', format, '--persist-to', at(`copy-${format}`))
    expect(second.stdout).toBe(readFileSync(at('a'), 'utf8'))
    const stored = await withLocalD1(at(`copy-${format}`), (db) => db.prepare('SELECT * FROM users ORDER BY id').all())
    const made = {
      epoch: 0,
      hash_upgrades: 0,
      unconfirmed_until: null,
      second_factor: 0,
      second_factor_at: null,
      proven_email: null,
      name: null,
    }
    expect(stored.results).toEqual(rows.map((row) => ({ ...row, ...made, canonical_email: row.email.toLowerCase() })))
    const audit = await withLocalD1(at('full'), (db) => db.prepare('SELECT DISTINCT event FROM audit_events').all())
    expect(audit.results).toEqual([{ event: 'users_exported' }])
  })

  it('does not show hashes on a terminal', async () => {
    const command = `npm run -s latchkey -- export --persist-to '${join(folder, 'full')}'`
    const { output } = await run('script', ['-qec', command, '/dev/null'])
    expect(output).toContain('--output')
    expect(output).not.toContain(HASH)
  })

  it('goes by pages, and misses nobody', async () => {
    await withLocalD1(join(folder, 'full'), async (db) => {
      for (const size of [1, 2, 3, 4]) {
        const ids: number[] = []
        for await (const page of storedUsers(db, size)) ids.push(...page.map(({ id }) => id))
        expect(ids).toEqual(rows.map(({ id }) => id))
      }
    })
  })
})

describe('through wrangler, as for a deployed database', () => {
  it('import and export do the same', async () => {
    const path = join(folder, 'remote')
    await withLocalD1(path, applyMigrations)
    const db = wranglerD1(['--local', '--persist-to', path])
    const rows = Array.from({ length: 1_000 }, (_, i) => ({
      id: i + 1,
      email: `o'${i}@example.com`,
      hashed_password: HASH,
    }))
    const content = jsonl([...rows, { id: 5, email: 'x@example.com' }])
    const outcomes = await imported(db, content, { maxBytes: 45_000 })
    expect(brief(outcomes).filter(([, what]) => what !== 'taken')).toEqual([[1001, 'duplicate_id', 'line 5']])
    expect(
      brief(await imported(db, content, { maxBytes: 45_000 })).filter(([, what]) => what === 'present'),
    ).toHaveLength(1_000)
    expect((await users(db)).map((row) => (JSON.parse(row) as { id: number }).id)).toEqual(rows.map(({ id }) => id))
  })
})

/** Counted without a second workerd, which would contend for the database with the run that is watched. */
function usersOnDisk(persistTo: string): number {
  const [path] = globSync(join(persistTo, 'v3/d1/*/*.sqlite')).filter((path) => !path.endsWith('metadata.sqlite'))
  if (path === undefined) return 0
  const db = new DatabaseSync(path)
  try {
    return Number(db.prepare('SELECT count(*) AS n FROM users').get()?.n)
  } catch {
    return 0 // not migrated, or locked
  } finally {
    db.close()
  }
}

describe('a run that is killed', () => {
  it('is finished by a second one, with exactly the rows of the file', async () => {
    const COUNT = 100_000
    const path = join(folder, 'many.csv')
    const line = (i: number) => `${i * 3},User.${i}@Example.com,${HASH}`
    writeFileSync(
      path,
      `id,email,hashed_password\n${Array.from({ length: COUNT }, (_, i) => line(i + 1)).join('\n')}\n`,
    )
    const home = join(folder, 'killed')
    const args = ['scripts/latchkey.ts', 'import', path, '--persist-to', home]

    const node = join(ROOT, 'node_modules', '.bin', 'node')
    const child = spawn(node, args, { cwd: ROOT, stdio: 'ignore', detached: true })
    const ended = new Promise((done) => child.once('exit', (_code, signal) => done(signal)))
    while (child.exitCode === null && usersOnDisk(home) === 0) await sleep(10)
    process.kill(-child.pid!, 'SIGKILL') // with its workerd
    expect(await ended).toBe('SIGKILL')
    const half = usersOnDisk(home)
    expect(half).toBeGreaterThan(0)
    expect(half).toBeLessThan(COUNT)

    const second = await run(node, args)
    expect([second.code, second.stdout]).toEqual([
      0,
      `100,000 rows: ${(COUNT - half).toLocaleString('en')} taken, ${half.toLocaleString('en')} present, 0 refused\n`,
    ])
    const stored = await withLocalD1(home, (db) =>
      db
        .prepare(
          `SELECT count(*) AS n, sum(id) AS ids, count(DISTINCT email) AS emails,
        sum(email = 'User.' || (id / 3) || '@Example.com' AND hashed_password = ?) AS good FROM users`,
        )
        .bind(HASH)
        .first(),
    )
    expect(stored).toEqual({ n: COUNT, ids: (3 * COUNT * (COUNT + 1)) / 2, emails: COUNT, good: COUNT })
  })
})
