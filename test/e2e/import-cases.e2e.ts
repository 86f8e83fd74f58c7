/** Files as people really have them, in `cases/`: what becomes of each, by the command that a person would type. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { commandCall } from '../../scripts/cli/call.ts'
import { Refusal, UsageError } from '../../scripts/cli/command.ts'
import { importCommand } from '../../scripts/cli/import.ts'
import type { Summary } from '../../scripts/import/summary.ts'
import { importUsers, type Outcome } from '../../scripts/import/run.ts'
import { openSource } from '../../scripts/import/source.ts'
import { OFFLINE, ROOT } from '../../scripts/local.ts'
import { checkPassword, type StoredPassword } from '../../src/core/passwords/passwords.ts'
import { lendEmpty } from './lent-database.ts'
import { run, skipWithout, temporaryFolder } from './service.ts'

process.env = { ...process.env, ...OFFLINE }
const CASES = join(import.meta.dirname, 'cases')
const HASH = '$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
const PASSWORD = 'correct horse battery staple'
const NOW = 1_700_000_000
const folder = temporaryFolder()

const empty = lendEmpty(folder)
let db: D1Database

type Row = StoredPassword & {
  id: number
  email: string
  email_verified: number
  disabled_at: number | null
  roles: string
  created_at: number
}

const by = { ip: null, country: null, user_agent: null, language: 'en', request_id: 'r', actor: 'cli:test' } as const

/** The command, as it is typed, into an empty database. What it prints, what it says when it fails, and what is there then. */
async function imported(name: string, ...options: string[]) {
  db = await empty()
  const printed: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => (printed.push(String(text)), true))
  const argv = [resolve(CASES, name), ...options]
  const args = parseArgs({ args: argv, options: importCommand.options, allowPositionals: true })
  const context = { json: true, remote: false, persistTo: folder, now: NOW }
  const { code, error } = await importCommand
    .run(args, { ...context, withCall: (use) => use(commandCall(db, by, NOW)) })
    .then(() => ({ code: 0, error: '' }))
    .catch((error: unknown) => {
      if (error instanceof Refusal || error instanceof UsageError)
        return { code: error instanceof Refusal ? 1 : 2, error: error.message }
      throw error
    })
    .finally(() => write.mockRestore())
  const documents = printed.map((line) => JSON.parse(line) as Outcome | { summary: Summary })
  const outcomes = documents.filter((document): document is Outcome => 'line' in document)
  const summary = documents.flatMap((document) => ('summary' in document ? [document.summary] : []))[0]
  const { results: rows } = await db.prepare('SELECT * FROM users ORDER BY email').all<Row>()
  return { code, output: `${printed.join('')}${error}`, outcomes, summary, rows }
}

const nextId = () =>
  db.prepare(`INSERT INTO users (email) VALUES ('next@example.com') RETURNING id`).first<number>('id')

const idsOf = (rows: Row[]) => Object.fromEntries(rows.map(({ email, id }) => [email.split('@')[0], id]))

describe('power', () => {
  it('is not taken from a truth value in a column that the operator did not name', async () => {
    const dry = await imported('roles-truth.csv', '--dry-run')
    expect(dry.summary).toMatchObject({ taken: 3, roles: { editor: 1 }, left_out: { roles: 1 } })
    expect(dry.outcomes[0]).toMatchObject({ email: 'one@example.com', left_out: ['roles'] })
    expect(dry.outcomes[2]).toMatchObject({ roles: ['editor'] })
    const real = await imported('roles-truth.csv')
    expect([real.code, real.rows.map(({ roles }) => roles)]).toEqual([0, ['[]', '["editor"]', '[]']])
    expect(real.summary).toMatchObject({ roles: { editor: 1 }, left_out: { roles: 1 } })
  })

  it('is given where it was named, and every one who gets it is shown', async () => {
    const dry = await imported('roles-truth.csv', '--dry-run', '--map', 'roles=roles')
    expect(dry.summary?.roles).toEqual({ admin: 1, editor: 1 })
    const real = await imported('roles-truth.csv', '--map', 'roles=roles')
    expect(real.rows.map(({ roles }) => roles)).toEqual(['["admin"]', '["editor"]', '[]'])
    expect(real.outcomes).toEqual([expect.objectContaining({ email: 'one@example.com', roles: ['admin'] })])
    const path = join(CASES, 'roles-truth.csv')
    const command = ['run', '-s', 'latchkey', '--', 'import', path, '--dry-run', '--map', 'roles=roles']
    const text = await run('npm', [...command, '--persist-to', join(folder, 'text')])
    expect(text.stdout).toMatch(/line +2 .*one@example\.com \(id 1\).*roles: admin/)
    expect(text.stdout).toMatch(/Roles:\n +1 {2}admin\n +1 {2}editor/)
  })
})

describe('ids of the file', () => {
  it('are given to nobody else, whatever became of their rows', async () => {
    const { code, outcomes } = await imported('refused-ids.csv')
    expect(code).toBe(1)
    expect(outcomes.map(({ reason, id, email }) => [reason, id, email])).toEqual([
      ['duplicate_email', 100, 'a@example.com'],
      ['email_malformed', 200, undefined],
      ['password_unknown', 300, 'c@example.com'],
      ['wrong_column_count', 400, 'd@example.com'],
    ])
    expect(await nextId()).toBe(401)
  })

  it('are told apart beyond what a number holds', async () => {
    const { code, rows, outcomes } = await imported('long-ids.jsonl', '--dry-run')
    expect([code, rows]).toEqual([0, []])
    expect(outcomes.map(({ old_id }) => old_id)).toEqual(['1234567890123456789', '1234567890123456788'])
    expect((await imported('long-ids.jsonl')).rows).toHaveLength(2)
  })
})

describe('truth values', () => {
  it.each(['bit-text.csv', 'bit-bytes.csv', 'bit-mysql-client.tsv', 'bit-mariadb-dump.sql'])('%s', async (name) => {
    const { code, rows } = await imported(name)
    expect(code).toBe(0)
    expect(rows.length).toBeGreaterThan(1)
    for (const { email, email_verified, disabled_at } of rows) {
      const on = email.startsWith('on')
      expect([email, email_verified, disabled_at !== null]).toEqual([email, Number(on), on])
    }
  })

  it('NULL in a text is nothing', async () => {
    const { code, rows } = await imported('null.csv')
    expect([code, rows.map(({ email, email_verified }) => [email.split('@')[0], email_verified])]).toEqual([
      0,
      [
        ['n', 0],
        ['nobody', 0],
        ['null', 0],
        ['yes', 1],
      ],
    ])
    expect(rows[1]?.hashed_password).toBeNull()
  })
})

describe('files that are no table, or an odd one', () => {
  it('lines may end with a bare CR', async () => {
    const { code, rows } = await imported('macintosh.csv')
    expect([code, idsOf(rows)]).toEqual([0, { one: 1, two: 2 }])
  })

  it.each([
    ['sheet.xlsx', 'CSV UTF-8'],
    ['header-only.csv', 'There is no row in this file.'],
    ['no-list.json', 'has no list of users'],
  ])('%s is refused: %s', async (name, message) => {
    const { code, output, summary } = await imported(name)
    expect([code, summary]).toEqual([1, undefined])
    expect(output).toContain(message)
    expect((await imported(name, '--dry-run')).code).toBe(1)
  })

  it('a spreadsheet is refused whatever format it is said to have', async () => {
    expect((await imported('sheet.xlsx', '--format', 'csv')).output).toContain('CSV UTF-8')
  })

  it.each(['empty-mariadb-dump.sql', 'empty-list.json'])('%s is known to be empty', async (name) => {
    const { code, summary } = await imported(name)
    expect([code, summary?.rows]).toEqual([0, 0])
  })

  it('where two columns could be meant, the operator is asked', async () => {
    const emails = await imported('two-emails.csv')
    expect([emails.code, emails.rows]).toEqual([1, []])
    expect(emails.output).toContain('Both email and Email could be email.')
    expect((await imported('two-emails.csv', '--map', 'email=Email')).rows[0]?.email).toBe('two@example.com')
    expect((await imported('two-emails.csv', '--ignore', 'Email')).rows[0]?.email).toBe('one@example.com')
    expect((await imported('two-emails.csv', '--ignore', 'mail')).output).toContain('There is no column mail.')
    expect((await imported('two-hashes.csv')).output).toContain('Both password and password_hash could be')
    const hashes = await imported('two-hashes.csv', '--map', 'hashed_password=password_hash')
    expect(hashes.rows[0]?.hashed_password).toBe(HASH)
  })
})

describe('times', () => {
  const at = (rows: Row[]) => Object.fromEntries(rows.map(({ email, created_at }) => [email.split('@')[0], created_at]))

  it('that cannot be read are left out, and their owners taken', async () => {
    const { code, rows, summary, outcomes } = await imported('dates.csv', '--dry-run')
    expect([code, rows, summary?.left_out]).toEqual([0, [], { created_at: 2 }])
    expect(outcomes[0]).toMatchObject({ outcome: 'taken', left_out: ['created_at'] })
    expect(at((await imported('dates.csv')).rows)['iso']).toBe(Date.parse('2024-01-05T10:00:00Z') / 1000)
    const seoul = await imported('dates.csv', '--timezone', 'Asia/Seoul')
    expect(at(seoul.rows)['iso']).toBe(Date.parse('2024-01-05T10:00:00+09:00') / 1000)
    expect((await imported('dates.csv', '--timezone', 'Mars/Base')).code).toBe(2)
    expect((await imported('dates.csv', '--ignore', 'created_at')).summary?.left_out).toEqual({})
  })

  it('of MongoDB are read in both forms', async () => {
    const { code, rows } = await imported('mongoexport.jsonl')
    expect(code).toBe(0)
    expect(at(rows)).toEqual({ iso: 1_704_448_800, long: 1_704_448_800 })
  })
})

describe('addresses and refusals', () => {
  it('white space around an address is dropped, and said', async () => {
    const { code, rows, summary } = await imported('spaces.csv')
    expect([code, idsOf(rows), summary?.trimmed]).toEqual([0, { ann: 1, bob: 2, cleo: 3 }, 3])
  })

  it('a refused row can be found again', async () => {
    const rejects = join(folder, 'rejects.csv')
    const { output } = await imported('refused.csv', '--rejects', rejects)
    expect(readFileSync(rejects, 'utf8').split('\n')).toEqual([
      'line,reason,field,other_line,other_id,id,email',
      '2,password_unknown,,,,11,eleven@example.com',
      '3,email_malformed,,,,12,zwölf@example.com',
      '4,password_unknown,,,,550e8400-e29b-41d4-a716-446655440000,uuid@example.com',
      '',
    ])
    expect(output).not.toContain('plain text')
  })
})

describe('hashes', () => {
  const verified = async (rows: Row[], passwords: Record<string, string> = {}) =>
    Object.fromEntries(
      await Promise.all(
        rows.map(async (row) => {
          const name = row.email.split('@')[0]!
          return [name, (await checkPassword(passwords[name] ?? PASSWORD, row, 4)).result] as const
        }),
      ),
    )

  it('of other makers match, and what cannot be compared is named', async () => {
    const { code, rows, outcomes } = await imported('hashes.csv')
    expect(await verified(rows, { 'salt-bits': 'loppux' })).toEqual({
      'python-bytes': 'match',
      'salt-bits': 'match',
      passlib: 'match',
      phpass: 'match',
      wordpress: 'match',
    })
    expect([code, outcomes]).toEqual([1, [expect.objectContaining({ reason: 'password_argon2_unsupported', id: 6 })]])
  })

  it('of Flask-Security need its salt, and are refused before anything is written', async () => {
    const refused = await imported('flask-security.csv')
    expect([refused.code, refused.rows]).toEqual([1, []])
    expect(refused.output).toContain('--flask-security-salt')
    const { code, rows } = await imported(
      'flask-security.csv',
      '--flask-security-salt',
      join(CASES, 'flask-security-salt.txt'),
    )
    expect([code, await verified(rows, { bob: '한글 비밀번호' })]).toEqual([0, { ann: 'match', bob: 'match' }])
    expect((await imported('flask-security.csv', '--plain-hashes')).rows[0]?.hashed_password).toMatch(/^\$2b\$/)
  })

  it('of Flask-Bcrypt for long passwords match where that is said', async () => {
    expect(await verified((await imported('flask-bcrypt-long.csv')).rows)).toEqual({ ann: 'mismatch' })
    expect(await verified((await imported('flask-bcrypt-long.csv', '--sha256-first')).rows)).toEqual({ ann: 'match' })
  })
})

describe('any table, in any order', () => {
  const cell = fc.constantFrom
  const row = fc.record({
    id: fc.oneof(
      fc.integer({ min: 1, max: 30 }).map(String),
      cell('', '007', '12.0', 'x', '2f6c', '1234567890123456789'),
    ),
    email: fc.oneof(
      fc.integer({ min: 1, max: 12 }).map((n) => `u${n}@example.com`),
      cell('', 'U1@Example.com', ' u2@example.com ', 'no address', 'ü@example.com'),
    ),
    hash: cell(HASH, '', 'NULL', 'plain', '$argon2id$v=19$x'),
    roles: cell('', '0', '1', 'true', 't', "b'1'", '\x01', 'editor', 'admin', 'Root!', '{editor}'),
    more: cell('', ',x', ',,,'),
  })

  it('every row is counted, no id comes back, and nobody has a role that was not asked for by name', async () => {
    const property = fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (table, newIds) => {
        db = await empty()
        const path = join(folder, 'any.csv')
        const lines = table.map(({ id, email, hash, roles, more }) => `${id},${email},${hash},${roles}${more}\n`)
        writeFileSync(path, `id,email,hashed_password,roles\n${lines.join('')}`)
        const outcomes: Outcome[] = []
        const source = openSource(path)
        const options = { named: new Map(), dryRun: false, withoutPassword: false, newIds, firebase: undefined }
        const target = { db, maxBytes: 1_000_000 }
        await importUsers(source, {
          ...options,
          call: commandCall(db, by, NOW),
          target,
          report: (outcome) => void outcomes.push(outcome),
        })
        source.close()
        expect(outcomes.map(({ line }) => line)).toEqual(table.map((_, i) => i + 2))
        const { results } = await db.prepare('SELECT id, email, roles FROM users').all<Row>()
        expect(results).toHaveLength(outcomes.filter(({ outcome }) => outcome === 'taken').length)

        const ofFile = table.flatMap(({ id }) => /^0*([1-9]\d*)(?:\.0)?$/.exec(id)?.[1] ?? []).map(Number)
        const given = outcomes.filter(
          ({ outcome, new_id, old_id }) => outcome === 'taken' && (new_id || old_id === null),
        )
        for (const id of [await nextId(), ...given.map(({ id }) => id)]) expect(ofFile).not.toContain(id)

        for (const { email, roles } of results) {
          const named = table
            .filter((row) => row.email.trim().toLowerCase() === email.toLowerCase())
            .map(({ roles }) => roles)
          for (const role of JSON.parse(roles) as string[]) expect(named.some((cell) => cell.includes(role))).toBe(true)
        }
      },
    )
    await fc.assert(property, { numRuns: 150 })
  })
})

const fileOf = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const rowsOf = (n: number, from: number) =>
  Array.from({ length: n }, (_, i) => `${from + i},u${from + i}@example.com,${HASH}\n`).join('')
const written = (name: string, content: string) => fileOf(name, `id,email,hashed_password\n${content}`)

describe('nothing is dropped without a message', () => {
  const line = (id: number, email: string) => `${id},${email}@example.com,${HASH}`

  it('an input file is never overwritten', async () => {
    const path = written('own.csv', `${line(1, 'a')}\n`)
    const before = readFileSync(path, 'utf8')
    for (const option of ['--rejects', '--ids']) expect((await imported(path, option, path)).code).toBe(1)
    const out = join(folder, 'out.csv')
    expect((await imported(path, '--rejects', out, '--ids', out)).output).toContain('two things')
    expect(readFileSync(path, 'utf8')).toBe(before)
    const earlier = fileOf('earlier.csv', 'of an earlier run')
    expect((await imported('header-only.csv', '--rejects', earlier)).code).toBe(1)
    expect(readFileSync(earlier, 'utf8')).toBe('of an earlier run')
  })

  it.each<[string, string, [number, number, number]]>([
    [
      'a view that has a column `begin`',
      `-- PostgreSQL database dump\nCREATE VIEW v AS SELECT events.id, events.begin FROM events;\nCREATE TABLE users (id int, email text, password text);\nCOPY users (id, email, password) FROM stdin;\n1\ta@example.com\t${HASH}\n\\.\n`,
      [1, 0, 0],
    ],
    [
      'an index on a column `begin`',
      `PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE users(id,email,password);\nCREATE INDEX i ON events (begin);\nINSERT INTO users VALUES(1,'a@example.com','${HASH}');\nCOMMIT;\n`,
      [1, 0, 0],
    ],
    [
      'a dump that sqlite3 could not finish',
      `PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE users(id,email,password);\nINSERT INTO users VALUES(1,'a@example.com','${HASH}');\nROLLBACK; -- due to errors\n`,
      [1, 1, 1],
    ],
    [
      'a dump without its end',
      `-- MySQL dump 10.13\nCREATE TABLE \`users\` (\`id\` int, \`email\` text, \`password\` text);\nINSERT INTO \`users\` VALUES (1,'a@example.com','${HASH}');\n`,
      [1, 1, 1],
    ],
    ...[
      `INSERT INTO \`users\` SET id=2, email='b@example.com';`,
      `INSERT INTO \`users\` SELECT 2,'b@example.com',NULL;`,
      `INSERT INTO \`users\` VALUES ROW(2,'b@example.com',NULL);`,
      `(2,'b@example.com',NULL);`,
    ].map(
      (statement) =>
        [
          statement.slice(0, 40),
          `-- MySQL dump 10.13\nCREATE TABLE \`users\` (\`id\` int, \`email\` text, \`password\` text);\nINSERT \`users\` VALUES (1,'a@example.com','${HASH}');\n${statement}\n-- Dump completed\n`,
          [1, 1, 1],
        ] satisfies [string, string, [number, number, number]],
    ),
    [
      'quotes between tabs',
      `id\tnick\temail\tpassword\n1\t"The Boss\ta@example.com\t${HASH}\n2\tx\tb@example.com\t${HASH}\n3\t"\tc@example.com\t${HASH}\n`,
      [3, 0, 0],
    ],
    [
      'a quote that swallows rows up to another one',
      `id,nick,email,password\n1,"The Boss,a@example.com,${HASH}\n2,x,b@example.com,${HASH}\n3,",c@example.com,${HASH}\n`,
      [1, 2, 1],
    ],
    ['a separator that Excel names', `sep=;\nid;email;password\n1;a@example.com;${HASH}\n`, [1, 0, 0]],
  ])('%s', async (_name, content, [taken, refused, code]) => {
    const { summary, ...run } = await imported(fileOf('lost', content))
    const all = Object.values(summary?.refused ?? {}).reduce((sum, n) => sum + n, 0)
    expect([summary?.taken, all, run.code]).toEqual([taken, refused, code])
    expect(summary?.rows).toBe(taken + refused)
  })

  it('two sets of users are not merged', async () => {
    const set = (name: string) =>
      `USE \`${name}\`;\nCREATE TABLE \`users\` (\`id\` int, \`email\` text, \`password\` text);\nINSERT INTO \`users\` VALUES (1,'${name}@example.com',NULL);\n`
    const dump = fileOf('two.sql', `-- MySQL dump 10.13\n${set('app')}${set('blog')}-- Dump completed\n`)
    expect((await imported(dump)).output).toContain('Both app.users and blog.users could be meant.')
    expect((await imported(dump, '--table', 'blog.users')).rows.map(({ email }) => email)).toEqual(['blog@example.com'])
    const lists = {
      deleted: [{ id: 1, email: 'd@example.com', password: null }],
      users: [{ id: 2, email: 'u@example.com', password: null }],
    }
    const json = fileOf('lists.json', JSON.stringify(lists, null, 1))
    expect((await imported(json)).output).toContain('Both deleted and users could be meant.')
    expect((await imported(json, '--table', 'users')).rows.map(({ email }) => email)).toEqual(['u@example.com'])
  })

  it('a list that breaks off between two objects is refused as a whole', async () => {
    const [one, two] = [1, 2].map((id) => JSON.stringify({ id, email: `u${id}@example.com`, password: null }, null, 1))
    for (const content of [`[${one}\n${two}]`, `${one}\n${two}`, `[${one}]\n[${two}]`]) {
      const { code, rows } = await imported(fileOf('broken.json', content))
      expect([code, rows]).toEqual([1, []])
    }
  })

  it('missing passwords are counted', async () => {
    const { summary } = await imported(
      written('none.csv', '1,a@example.com,\n2,b@example.com,NULL\n3,c@example.com,!\n'),
    )
    expect(summary).toMatchObject({ taken: 3, no_password: 3 })
  })
})

describe('nobody becomes verified or enabled for want of a cell', () => {
  const state = (rows: Row[]) =>
    rows.map(
      ({ email, email_verified, disabled_at }) =>
        `${email[0]}${email_verified}${disabled_at === null ? '' : ' disabled'}`,
    )

  it('an object without a member has an empty one, where another object has it', async () => {
    const objects = [{ email: 'a@example.com' }, { email: 'b@example.com', emailVerified: true, active: true }]
    const lines = objects.map((object) => `${JSON.stringify({ password: null, ...object })}\n`).join('')
    expect(state((await imported(fileOf('members.jsonl', lines))).rows)).toEqual(['a0 disabled', 'b1'])
  })

  it('empty is not active, and usual names are known', async () => {
    const csv = `id,email,password,active\n1,a@example.com,,\n2,b@example.com,,1\n3,c@example.com,,0\n`
    expect(state((await imported(fileOf('active.csv', csv))).rows)).toEqual(['a1 disabled', 'b1', 'c1 disabled'])
    for (const [verified, banned] of [
      ['confirmed', 'is_banned'],
      ['is_email_verified', 'suspended'],
      ['verified_at', 'deactivated_at'],
    ]) {
      const content = `id,email,password,${verified},${banned}\n1,a@example.com,,0,1\n2,b@example.com,,1,0\n`
      expect(state((await imported(fileOf('names.csv', content))).rows)).toEqual(['a0 disabled', 'b1'])
    }
    const two = `id,email,password,email_verified,is_verified\n1,a@example.com,,1,0\n`
    expect((await imported(fileOf('two.csv', two))).output).toContain('Both email_verified and is_verified')
    const ten = `id,email,password,active\n1,a@example.com,,10\n`
    expect((await imported(fileOf('ten.csv', ten))).summary?.refused).toEqual({ unreadable_value: 1 })
  })
})

describe('ids of rows that cannot be read', () => {
  const long = 'x'.repeat(1_100_000)
  it.each([
    ['shifted', `name,email,id,password\nDoe, Jane,j@example.com,900,${HASH}\n`],
    ['after a quote', `nick,email,password,id\n"Jim "Big" B",j@example.com,${HASH},900\n`],
    ['swallowed', `id,nick,email,password\n1,"x,a@example.com,${HASH}\n900,y,b@example.com,${HASH}\n`],
    ['too long', `{"id":900,"avatar":"${long}","email":"a@example.com","password":null}\n`],
    ['at the end of what is too long', `{"avatar":"${long}","email":"a@example.com","password":null,"id":900}\n`],
    ['twice', `{"id":900,"id":5,"email":"a@example.com","password":null}\n`],
    ['nested', `{"org":{"id":3},"id":900,"email":"a@example.com","password":nul}\n`],
    [
      'in a line with a comma after it',
      `{"id":3,"email":"a@example.com","password":null},\n{"id":900,"email":"b@example.com","password":null}\n`,
    ],
    [
      'COPY',
      `-- PostgreSQL database dump\nCOPY users (id, avatar, email, password) FROM stdin;\n900\t${long}\ta@example.com\t\\N\n\\.\n`,
    ],
    ['beyond what is kept', `id,email,password\n281474976710656,a@example.com,\n281474976710657,no address,\n`],
  ])('%s', async (_name, content) => {
    await imported(fileOf('ids', content))
    expect(await nextId()).toBeGreaterThan(content.includes('281474976710657') ? 281_474_976_710_657 : 900)
  })

  it('the column of ids is not ignored', async () => {
    expect((await imported('refused.csv', '--ignore', 'id')).output).toContain('--new-ids')
  })
})

describe('what must not be shown', () => {
  it.each([
    ['a file without names', `1,ann@example.com,${HASH}\n2,bob@example.com,hunter2\n`],
    ['columns that are swapped', `id,email,password\n${HASH},ann@example.com,\nhunter2 hunter2,bob@example.com,1\n`],
    ['an odd name of a column', `id,mejl,${HASH}\n1,ann@example.com,hunter2\n`],
  ])('%s', async (_name, content) => {
    const [rejects, ids] = [join(folder, 'shown-rejects.csv'), join(folder, 'shown-ids.csv')]
    const { code, output } = await imported(fileOf('shown.csv', content), '--rejects', rejects, '--ids', ids)
    const all = [output, ...[rejects, ids].map((path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''))].join('')
    expect([code, all.includes(HASH), all.includes('hunter2')]).toEqual([1, false, false])
  })

  it('a usage that says nothing is refused', async () => {
    const path = written('usage.csv', rowsOf(1, 1))
    expect((await imported(path, '--map', 'emailx')).output).toContain('field=column')
    expect((await imported(path, '--map', 'roles=id', '--ignore', 'id')).code).toBe(1)
    expect((await imported(path, '--table', 'users')).code).toBe(1)
    expect((await imported(path, '--dry-run', '--ids', join(folder, 'x'))).code).toBe(2)
  })
})

describe('two at once, and a disk that is full', () => {
  const command = (path: string, state: string) =>
    run(process.execPath, [join(ROOT, 'scripts/latchkey.ts'), 'import', path, '--persist-to', state])

  it('the second import waits for the first, and both are done', async () => {
    const state = join(folder, 'two')
    const files = [written('one.csv', rowsOf(20_000, 1)), written('two.csv', rowsOf(20_000, 30_000))]
    const runs = await Promise.all(files.map((path) => command(path, state)))
    for (const { code, stdout } of runs) {
      expect([code, stdout]).toEqual([0, '20,000 rows: 20,000 taken, 0 present, 0 refused\n'])
    }
    expect(runs.filter(({ output }) => output.includes('Another import is at work'))).toHaveLength(1)
  })

  it('a full disk is said as such', async ({ skip }) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', small], { stdio: 'ignore' })
    } catch {
      skip('only root may make a file system')
    }
    try {
      const { code, output } = await command(written('big.csv', rowsOf(60_000, 1)), join(small, 'state'))
      expect([code, output]).toEqual([1, expect.stringContaining('The disk is full')])
    } finally {
      execFileSync('umount', [small])
    }
  })
})

const withoutGit = skipWithout('a checkout of git', () =>
  execFileSync('git', ['status'], { cwd: ROOT, stdio: 'ignore' }),
)
it.skipIf(withoutGit)('git ignores every file of people that the guides name', () => {
  const guides = ['README.md', 'docs/import.md', 'docs/from-flask.md', 'docs/operations.md']
  const text = guides.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n')
  const named = text.match(/\b(?:users\.\w+|\w+\.db|ids\.csv|hash_config\.txt|\w+_salt\.txt)(?![\w-])/g) ?? []
  const files = [...new Set([...named, 'users.jsonl', 'rejects.csv'])].filter(
    (name) => !/^(users\.(py|ts))$/.test(name),
  )
  const ignored = execFileSync('git', ['check-ignore', ...files], { cwd: ROOT, encoding: 'utf8' })
    .trim()
    .split('\n')
  expect(files.filter((name) => !ignored.includes(name))).toEqual([])
  expect(files.length).toBeGreaterThan(6)
})

it('nothing of a run is left in the temporary directory, whatever ends it', async () => {
  const path = written('left.csv', rowsOf(20_000, 1))
  const before = readdirSync(tmpdir())
  const child = spawn(process.execPath, [
    join(ROOT, 'scripts/latchkey.ts'),
    'import',
    path,
    '--persist-to',
    join(folder, 'left'),
  ])
  await new Promise((done) => child.stderr.once('data', done)) // the migrations are applied, and the reading begins
  child.kill('SIGKILL')
  await new Promise((done) => child.once('exit', done))
  const made = readdirSync(tmpdir()).filter((name) => !before.includes(name) && /import|ledger|etilqs/.test(name))
  expect(made).toEqual([])
})
