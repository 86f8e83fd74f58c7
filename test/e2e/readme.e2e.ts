/** The commands of the README, taken from the page as they stand and run in a fresh clone beside the service. */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import bcrypt from 'bcryptjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshClone, launch, logIn, ROOT, type Service, skipWithout, startService, temporaryFolder } from './service.ts'

const README = readFileSync(join(ROOT, 'README.md'), 'utf8')

/** Code blocks of a language; those of a list are indented. */
const blocks = (language: string): string[] =>
  [...README.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, 'gm'))].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )

/** What is not run here, by how it begins, and why. */
const ELSEWHERE: [begins: string, reason: string][] = [
  ['npm install\nnpm run dev\n', 'startService runs it'],
  ['npm install && npm test\n', 'CI runs it first'],
  ['npm run latchkey -- admin create', 'it asks for a password; cli.e2e.ts answers'],
  ['npx wrangler login\n', 'it needs a Cloudflare account'],
  ['curl -s http://localhost:8787/notes', 'yours.e2e.ts writes the files that it needs'],
  ['git remote add upstream', 'it needs a repository with a next version'],
]

const commands = blocks('sh')
const isElsewhere = (block: string) => ELSEWHERE.some(([begins]) => block.startsWith(begins))
/** The one block that runs here and holds this text. */
const blockWith = (text: string): string => {
  const found = commands.filter((block) => block.includes(text) && !isElsewhere(block))
  if (found.length !== 1) throw new Error(`${found.length} blocks of the README have ${text}.`)
  return found[0]!
}

const LOGIN = blockWith('TOKEN=$(')
const LOGOUT = blockWith('/user/logout')
const IMPORT = blockWith('import --dry-run')
const SECRET = blockWith('randomBytes')

it('leaves out no command without a reason, and no reason without a command', () => {
  expect(commands.filter((block) => !isElsewhere(block)).sort()).toEqual([LOGIN, LOGOUT, IMPORT, SECRET].sort())
  for (const [begins] of ELSEWHERE) expect(commands.filter((block) => block.startsWith(begins))).toHaveLength(1)
})

const without = skipWithout('bash or curl', () => {
  for (const tool of ['bash', 'curl']) execFileSync(tool, ['--version'], { stdio: 'ignore' })
})

describe.skipIf(without)('in a fresh clone', () => {
  let root: string
  let service: Service
  beforeAll(async () => {
    root = temporaryFolder()
    freshClone(root)
    service = await startService({ root, withoutArguments: true })
  })
  afterAll(async () => {
    await service?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  /** In one shell, so that a variable of one block is there in the next. Gives standard output. */
  async function shell(...scripts: string[]): Promise<string> {
    const script = scripts.join('\n').replaceAll('http://localhost:8787', service.url)
    const running = launch('bash', ['-euo', 'pipefail', '-c', script], { cwd: root })
    const code = await running.exited
    expect({ code, output: running.output() }).toMatchObject({ code: 0 })
    return running.stdout()
  }

  it('the login opens the sample, until the logout', async () => {
    const [answer] = blocks('json').map((text) => JSON.parse(text) as object)
    expect(JSON.parse(await shell(LOGIN))).toEqual(answer)
    const afterwards = await shell(LOGIN, 'echo', LOGOUT)
    expect(JSON.parse(afterwards.trim().split('\n').at(-1)!)).toMatchObject({ code: 'invalid_token' })
  })

  it('the import brings a user of the Flask application', async () => {
    const person = { email: 'from-flask@example.com', password: 'a password of the old days' }
    const table = new DatabaseSync(join(root, 'users.db'))
    table.exec('CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, hashed_password TEXT)')
    table.prepare('INSERT INTO users VALUES (42, ?, ?)').run(person.email, bcrypt.hashSync(person.password, 10))
    table.close()
    await shell(IMPORT)
    expect((await logIn(service.url, person)).status).toBe(200)
  })

  it('the line for a secret prints 32 bytes', async () => {
    expect(await shell(SECRET)).toMatch(/^[\w-]{43}\n$/)
  })
})
