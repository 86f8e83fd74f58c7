/** The chapter of the README about code of one's own, followed word by word in a fresh clone, while the service runs. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  accessToken,
  freshClone,
  launch,
  query,
  ROOT,
  type Service,
  skipWithout,
  startService,
  temporaryFolder,
} from './service.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const FILES = [...README.matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm)].map(
  ([, path = '', text = '']) => [path, text] as const,
)
/** The example of the testing kit for code of one's own. */
const KIT = /^```ts\n\/\/ kit\.test\.ts.*\n([\s\S]*?)^```$/m.exec(
  readFileSync(join(ROOT, 'docs/testing.md'), 'utf8'),
)![1]!
const LOGIN = /^TOKEN=\$\([\s\S]*?access_token'\)$/m.exec(README)![0]
const CURL = /^```sh\n(curl -s \S+\/notes [\s\S]*?)^```$/m.exec(README)![1]!

/** A second database, as its reader would add it. */
const REPORTS = `
[[d1_databases]]
binding = "REPORTS"
database_name = "reports"
migrations_dir = "migrations/reports"
`

const without = skipWithout('bash or curl', () => {
  for (const tool of ['bash', 'curl']) execFileSync(tool, ['--version'], { stdio: 'ignore' })
})

describe.skipIf(without)('in a fresh clone', () => {
  let root: string
  let service: Service
  beforeAll(async () => {
    root = temporaryFolder()
    freshClone(root)
    appendFileSync(join(root, 'wrangler.toml'), REPORTS)
    write('migrations/reports/0001_reports.sql', 'CREATE TABLE reports (id INTEGER PRIMARY KEY);\n')
    service = await startService({ root, withoutArguments: true })
  })
  afterAll(async () => {
    await service?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }

  async function shell(...scripts: string[]): Promise<string> {
    const script = scripts.join('\n').replaceAll('http://localhost:8787', service.url)
    const running = launch('bash', ['-euo', 'pipefail', '-c', script], { cwd: root })
    const code = await running.exited
    expect({ code, output: running.output() }).toMatchObject({ code: 0 })
    return running.stdout()
  }

  const printed = (text: string | RegExp) => expect.poll(service.output, { timeout: 30_000 }).toMatch(text)

  it('takes the files while it runs', async () => {
    expect(FILES.map(([path]) => path)).toEqual([
      'migrations/yours/0001_notes.sql',
      'src/yours/notes.tsx',
      'src/yours/index.ts',
      'src/yours/notes.test.ts',
    ])
    for (const [path, text] of FILES) write(path, text)
    await printed('Applied yours/0001_notes.sql.')
    const status = async () => (await fetch(`${service.url}/notes`).catch(() => undefined))?.status
    await expect.poll(status, { timeout: 60_000 }).toBe(401)
  })

  it('answers the commands of the README', async () => {
    const [written, listed] = (await shell(LOGIN, CURL.replaceAll(/^curl/gm, 'echo; curl'))).trim().split(/\n+/)
    const note = { id: 1, text: 'Buy milk', written_at: expect.any(Number) }
    expect(JSON.parse(written!)).toEqual(note)
    expect(JSON.parse(listed!)).toEqual({ notes: [note] })
    expect(await query(service.persistTo, 'SELECT id FROM my_notes')).toEqual([])
  })

  it('sends a stranger from the page to the login, and back', async () => {
    const token = await accessToken(service.url, service.demo)
    const json = {
      method: 'POST',
      body: '{"text":"<b>"}',
      headers: { Authorization: token, 'Content-Type': 'application/json' },
    }
    expect((await fetch(`${service.url}/notes`, json)).status).toBe(201)
    const stranger = await fetch(`${service.url}/my-notes`, { redirect: 'manual' })
    expect(stranger.headers.get('Location')).toBe('/login?return_to=/my-notes')
    const body = new URLSearchParams({ ...service.demo, return_to: '/my-notes' })
    const headers = { Origin: service.url }
    const login = await fetch(`${service.url}/login`, { method: 'POST', headers, body, redirect: 'manual' })
    expect([login.status, login.headers.get('Location')]).toEqual([303, '/my-notes'])
    const Cookie = login.headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith('latchkey='))!
      .split(';')[0]!
    expect(await (await fetch(`${service.url}/my-notes`, { headers: { Cookie } })).text()).toContain(
      '<li>&lt;b&gt;</li>',
    )
  })

  it('says why a migration was refused, and takes it when it is right', async () => {
    write('migrations/yours/0002_tags.sql', '')
    write('migrations/yours/0003_broken.sql', 'CREATE TABEL tags (id INTEGER PRIMARY KEY);\n')
    await printed(/^yours\/0003_broken\.sql was not applied: near "TABEL": syntax error/m)
    write('migrations/yours/0003_broken.sql', 'CREATE TABLE tags (id INTEGER PRIMARY KEY);\n')
    await printed('Applied yours/0003_broken.sql.')
    write('migrations/yours/0003_broken.sql', 'CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT);\n')
    await printed('yours/0003_broken.sql has been applied before it was changed.')
    expect(service.output()).not.toContain('yours/0002_tags.sql')
    rmSync(join(root, 'migrations/yours/0002_tags.sql'))
  })

  it('goes on behind a migration that is taken away, and names what keeps accounts from being deleted', async () => {
    write('migrations/yours/0004_broken.sql', 'CREATE TABEL broken (id INTEGER PRIMARY KEY);\n')
    write('migrations/yours/0005_likes.sql', 'CREATE TABLE likes (user_id INTEGER REFERENCES users(id));\n')
    await printed('yours/0004_broken.sql was not applied')
    rmSync(join(root, 'migrations/yours/0004_broken.sql'))
    await printed('Applied yours/0005_likes.sql.')
    await printed('likes.user_id keeps accounts from being deleted: add ON DELETE CASCADE.')
    write('migrations/yours/0006_likes.sql', 'DROP TABLE likes;\n')
    await printed('Applied yours/0006_likes.sql.')
  })

  it('migrates a second database from a folder of its own', async () => {
    expect(service.output()).toContain('Applied 0001_reports.sql of REPORTS.')
    write('migrations/reports/0002_more.sql', 'ALTER TABLE reports ADD COLUMN title TEXT;\n')
    await printed('Applied 0002_more.sql of REPORTS.')
    const rows = await shell(
      `npx wrangler d1 migrations list REPORTS --local; npx wrangler d1 migrations list DB --local`,
    )
    expect(rows.match(/No migrations to apply/g)).toHaveLength(2)
  })

  it('has `doctor` say what is missing, and where', async () => {
    await service.stop()
    write('migrations/yours/0007_later.sql', 'CREATE TABLE later (id INTEGER PRIMARY KEY);\n')
    write('migrations/reports/0003_later.sql', 'CREATE TABLE later (id INTEGER PRIMARY KEY);\n')
    const output = await shell('npm run latchkey -- doctor || true')
    expect(output).toMatch(
      /fail +your migrations +1 is missing \(yours\/0007_later\.sql\): npx wrangler d1 migrations apply DB --local/,
    )
    expect(output).toMatch(
      /fail +migrations of REPORTS +1 is missing \(0003_later\.sql\): npx wrangler d1 migrations apply REPORTS --local/,
    )
    expect(output).toMatch(/ok +migrations +are applied/)
    expect(await shell('npm run latchkey -- users list 2>&1')).toContain('Applied yours/0007_later.sql.')
    expect(await shell('npm run latchkey -- doctor || true')).toMatch(/ok +your migrations +are applied/)
  })

  it('passes the tests of the notes, and every test of Latchkey that knows the routes, the tables or the pages', async () => {
    await shell('npm run types')
    const reports = `import { expect, it } from 'vitest'
import { env, freshDatabase } from '#latchkey/test'

freshDatabase()

it('has the second database', async () => {
  expect(await env.REPORTS.prepare('SELECT title FROM reports').first()).toBeNull()
})
`
    write('src/yours/reports.test.ts', reports)
    write('src/yours/kit.test.ts', KIT)
    const ours = ['policy', 'contract', 'docs', 'schema', 'types'].map((name) => `test/${name}.test.ts`).join(' ')
    const output = await shell(`npm test -- src/yours ${ours} 2>&1`)
    expect(output.replaceAll(/\x1b\[\d+m/g, '')).toMatch(/Test Files +8 passed \(8\)/)
    await shell('npx tsc --noEmit', 'npm run lint', 'npx prettier --check src/yours')
  }, 300_000)
})
