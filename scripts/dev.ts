/**
 * A running login in one command: secrets, migrations, a demo user, `wrangler dev`. All arguments go to wrangler. Those
 * about the place of the data, the address and the settings count here, too.
 */
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import bcrypt from 'bcryptjs'
import { unstable_readConfig } from 'wrangler'
import { addressOf, mailboxAt } from './address.ts'
import { GIVEN_BY_DEV, judged } from './cli/check-settings.ts'
import { OFFLINE, ROOT, withLocalD1, writeSecrets } from './local.ts'
import { migrateLocal } from './migrations.ts'
import { readSettings } from './settings-file.ts'
import { startViewer } from './viewer.ts'
import { migrationWatch } from './watch-migrations.ts'

/** A high id, so that the users of another application can be imported with their own. */
const DEMO = { id: 1_000_000, email: 'demo@example.com', password: 'demo-of-latchkey' }

const args = process.argv.slice(2)
const { values } = parseArgs({
  args,
  strict: false,
  options: {
    'persist-to': { type: 'string' },
    port: { type: 'string' },
    ip: { type: 'string' },
    'local-protocol': { type: 'string' },
    env: { type: 'string', short: 'e' },
    'env-file': { type: 'string', multiple: true },
    remote: { type: 'boolean', short: 'r' },
  },
})
if (values.remote) {
  console.error('npm run dev seeds a demo user with a public password, so it refuses to touch a deployed database.')
  console.error('Run `npx wrangler dev --remote` instead.')
  process.exit(1)
}

let wrangler: ReturnType<typeof startWrangler> | undefined
let isStopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)

process.env = { ...process.env, ...OFFLINE }
const persistTo = resolve(ROOT, String(values['persist-to'] ?? '.wrangler/state')) // as wrangler resolves it
if (writeSecrets()) console.log('Wrote .dev.vars with fresh secrets.')
const environment = values.env === undefined ? undefined : String(values.env)
const files = (values['env-file'] as string[] | undefined) ?? []
const settings = readSettings({ environment, files })
for (const { name, text } of settings?.misread ?? []) console.error(`${name} ${text}.`)
if (settings?.misread.some(({ isCut }) => isCut)) {
  console.error('Nothing is started with half a secret.')
  process.exit(1)
}

for (const { about, text } of judged(settings?.values ?? {}, GIVEN_BY_DEV).filter(({ level }) => level === 'fail')) {
  console.error(`${about} ${text}. Until then, every page answers 503.`)
}

const asked = /^\d+$/.test(String(values.port)) ? Number(values.port) : 0
const { dev } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml'), env: environment })
const { port, url, publicUrl } = await addressOf({
  ip: String(values.ip ?? dev.ip),
  port: asked || dev.port, // 0 is any that is free
  protocol: String(values['local-protocol'] ?? dev.local_protocol),
})

const watch = migrationWatch(persistTo)
await withLocalD1(persistTo, async (db, all) => {
  await migrateLocal(all, persistTo, (line) => console.log(line))
  await seed(db)
})
watch()
const viewer = await startViewer(url)
wrangler = startWrangler()
wrangler.once('message', () => console.log(banner())) // it sends one, when it is ready
wrangler.once('exit', (code) => process.exit(isStopping ? 0 : (code ?? 1)))

/**
 * Starts wrangler without its launcher, which does not pass on every signal. wrangler ends with this process, however that
 * ends.
 */
function startWrangler() {
  const cli = join(ROOT, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
  const preload = join(import.meta.dirname, 'end-with-parent.ts')
  const ours = [
    '--show-interactive-dev-session=false',
    // The Worker is told the address at which it answers here, not the route that it is deployed to.
    '--infer-origin-from-routes=false',
    ...(asked === 0 ? ['--port', String(port)] : []),
    // A deployment has to set these. Here no mail leaves the machine, and its links lead back to it.
    ...unlessGiven('PUBLIC_URL', publicUrl),
    ...unlessGiven('MAIL_FROM', 'latchkey@localhost'),
    ...unlessGiven('SERVER_TIMING', 'on'),
  ]
  return spawn(process.execPath, ['--no-warnings', '--import', preload, cli, 'dev', ...ours, ...args], {
    cwd: ROOT,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
}

/** wrangler stops its workerd on SIGTERM, but does not handle SIGHUP. */
function stop(): void {
  isStopping = true
  if (!wrangler) process.exit()
  wrangler.kill('SIGTERM')
}

function banner(): string {
  const { mail, database } = mailboxAt(url, { driver: given('MAIL_DRIVER'), mailUrl: given('MAIL_URL') })
  return `
  Latchkey          ${url}/login
  Demo login        ${DEMO.email} / ${DEMO.password}
  Mail              ${mail}
  Database          ${database}
  Try the contract  ${viewer}${withoutPasskeys()}

  curl -s${url.startsWith('https:') ? 'k' : ''} ${url}/user/login --json '${JSON.stringify({ email: DEMO.email, password: DEMO.password })}'
`
}

/** Passkeys belong to a name, never to an IP address (WebAuthn Level 3 section 5.1.2). */
const withoutPasskeys = (): string =>
  /^(?:\[|\d+(?:\.\d+){3}$)/.test(new URL(publicUrl).hostname)
    ? '\n  Passkeys    not at an IP address: start without --ip, and open http://localhost'
    : ''

/** A variable for wrangler, unless it is set on the command line or in a file of settings. */
function unlessGiven(name: string, value: string): string[] {
  return given(name) ? [] : ['--var', `${name}:${value}`]
}

function given(name: string): string | undefined {
  const start = `${name}:`
  return args.findLast((arg) => arg.startsWith(start))?.slice(start.length) ?? settings?.values[name]
}

/** The demo user, unless somebody with that address is there already. */
async function seed(db: D1Database): Promise<void> {
  const there = await db.prepare('SELECT 1 FROM users WHERE canonical_email = ?').bind(DEMO.email).first()
  if (there) return
  const hash = await bcrypt.hash(DEMO.password, 12)
  // An imported user may have this id. SQLite then finds another one for the demo user.
  const id = '(SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ?1))'
  await db
    .prepare(`INSERT INTO users (id, email, hashed_password) VALUES (${id}, ?2, ?3)`)
    .bind(DEMO.id, DEMO.email, hash)
    .run()
}
