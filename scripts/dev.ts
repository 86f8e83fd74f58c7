/**
 * A running login in one command: secrets, migrations, a demo user, `wrangler dev`. Arguments go to wrangler;
 * `--persist-to` and `--port` are obeyed here too.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import bcrypt from 'bcryptjs'
import { applyMigrations, OFFLINE, ROOT, withLocalD1, writeSecrets } from './local.ts'

/** A high id, so that the users of another application can be brought over with theirs. */
const DEMO = { id: 1_000_000, email: 'demo@example.com', password: 'demo-of-latchkey' }
const FIRST_PORT = 8787

const args = process.argv.slice(2)
const { values } = parseArgs({
  args,
  strict: false,
  options: { 'persist-to': { type: 'string' }, port: { type: 'string' }, remote: { type: 'boolean', short: 'r' } },
})
if (values.remote) {
  console.error('npm run dev seeds a demo user with a public password, so it refuses to touch a deployed database.')
  console.error('Run `npx wrangler dev --remote` instead.')
  process.exit(1)
}

process.env = { ...process.env, ...OFFLINE }
const persistTo = resolve(ROOT, String(values['persist-to'] ?? '.wrangler/state')) // as wrangler reads it, started in ROOT
const port = values.port === undefined ? await freePort(FIRST_PORT) : Number(values.port)

if (writeSecrets()) console.log('Wrote .dev.vars with fresh secrets.')
await withLocalD1(persistTo, async (db) => {
  for (const name of await applyMigrations(db)) console.log(`Applied ${name}.`)
  await seed(db)
})

const url = `http://localhost:${port}`
const ours = [
  '--show-interactive-dev-session=false',
  ...(values.port === undefined ? ['--port', String(port)] : []),
  // What a deployment has to set; nothing leaves this machine. Mailed links lead here.
  ...unlessGiven('PUBLIC_URL', url),
  ...unlessGiven('MAIL_FROM', 'latchkey@localhost'),
  ...unlessGiven('SERVER_TIMING', 'on'),
]
console.log(`
  Latchkey          ${url}/login
  Demo login        ${DEMO.email} / ${DEMO.password}
  Mail and database ${url}/cdn-cgi/local/explorer

  curl -s ${url}/user/login --json '${JSON.stringify({ email: DEMO.email, password: DEMO.password })}'
`)

const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
const child = spawn(process.execPath, [wrangler, 'dev', ...ours, ...args], { cwd: ROOT, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('exit', (code) => process.exit(code ?? 0))

/** A variable for wrangler, unless somebody has set it on the command line or in .dev.vars. */
function unlessGiven(name: string, value: string): string[] {
  const given =
    args.some((arg) => arg.startsWith(`${name}:`)) || readFileSync(join(ROOT, '.dev.vars'), 'utf8').includes(`${name}=`)
  return given ? [] : ['--var', `${name}:${value}`]
}

/** The demo user, unless somebody with that address is there already. */
async function seed(db: D1Database): Promise<void> {
  const there = await db.prepare('SELECT 1 FROM users WHERE canonical_email = ?').bind(DEMO.email).first()
  if (there) return
  const hash = await bcrypt.hash(DEMO.password, 12)
  // Who has come over with just this id keeps it; SQLite then finds another.
  const id = '(SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ?1))'
  await db
    .prepare(`INSERT INTO users (id, email, hashed_password) VALUES (${id}, ?2, ?3)`)
    .bind(DEMO.id, DEMO.email, hash)
    .run()
}

/** wrangler would move on to the next port by itself when one is taken, and the address printed above would be wrong. */
async function freePort(first: number): Promise<number> {
  for (let candidate = first; ; candidate++) {
    const free = await new Promise<boolean>((done) => {
      const server = createServer()
      server.once('error', () => done(false))
      server.listen(candidate, 'localhost', () => server.close(() => done(true)))
    })
    if (free) return candidate
  }
}
