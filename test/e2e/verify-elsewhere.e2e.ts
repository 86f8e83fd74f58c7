/** The examples of docs/verify-elsewhere.md, taken from the page as they stand and run against a real service. */
import { createHmac, createPublicKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectJudgement, refused } from './judgement.ts'
import { PYTHON, withoutPython } from './python.ts'
import { accessToken, freePort, launch, ROOT, type Running, type Service, startService } from './service.ts'

const JWT_SECRET_KEY = 'only-for-tests: the key that signs access tokens'
const REVOCATION_FEED_SECRET = 'only-for-tests: what other services show'

/** The examples of the page by their file names, which stand in their first lines. */
const PAGE = readFileSync(join(ROOT, 'docs', 'verify-elsewhere.md'), 'utf8')
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^```\w+\n(?:\/\/|#) (\S+).*\n([\s\S]*?)^```/gm)].map(([, name = '', text = '']) => [name, text]),
)

let folder: string
let service: Service
let forged: string[]

/** Writes examples into a folder of their own, under their names or others. */
function write(where: string, files: Record<string, string>): string {
  mkdirSync(join(folder, where), { recursive: true })
  for (const [name, from] of Object.entries(files)) writeFileSync(join(folder, where, name), EXAMPLES.get(from)!)
  return join(folder, where)
}

beforeAll(async () => {
  mkdirSync(join(ROOT, '.wrangler'), { recursive: true }) // beside node_modules; git ignores it
  folder = mkdtempSync(join(ROOT, '.wrangler', 'verify-'))
  // Where wranglers of this machine find each other: no other one may be taken for the service of this test.
  process.env['WRANGLER_REGISTRY_PATH'] = join(folder, 'registry')
  service = await startService({ vars: { ACCESS_TOKEN_ALG: 'ES256', JWT_SECRET_KEY, REVOCATION_FEED_SECRET } })
  forged = await forgeries(await accessToken(service.url, service.demo))
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** What somebody makes who has the public keys and a good token: a token for each way to confuse one with the other. */
async function forgeries(token: string): Promise<string[]> {
  const { keys } = (await (await fetch(`${service.url}/oauth/jwks`)).json()) as {
    keys: (JsonWebKey & { kid: string })[]
  }
  const [, payload = '', signature = ''] = token.split('.')
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = (more: object) => part({ alg: 'ES256', typ: 'at+jwt', ...more })
  return keys.flatMap((key) => {
    const pem = createPublicKey({ key: { ...key }, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    const hmacs = [pem, JSON.stringify(key), key.x ?? key.n ?? ''].map((secret) => {
      const text = `${header({ alg: 'HS256', kid: key.kid })}.${payload}`
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
    })
    const none = `${header({ alg: 'none', kid: key.kid })}.${payload}.`
    const others = [{ kid: key.kid, typ: 'JWT' }, { alg: 'RS256', kid: key.kid }, { kid: 'unknown' }, {}]
    const zeros = Buffer.alloc(64).toString('base64url')
    const unsigned = `${header({ kid: key.kid })}.${payload}.${zeros}`
    return [...hmacs, none, unsigned, ...others.map((more) => `${header(more)}.${payload}.${signature}`)]
  })
}

it('leaves out no example but the one for Go', () => {
  const run = ['verify.py', 'app.py', 'shared.py', 'revoked.py', 'server.js', 'index.js', 'wrangler.toml']
  expect([...EXAMPLES.keys()].sort()).toEqual([...run, 'main.go'].sort())
})

const logOut = (token: string) =>
  fetch(`${service.url}/user/logout`, { method: 'POST', headers: { Authorization: token } })

/** Runs another service until it has been judged. */
async function judged(start: (port: number) => Running, judge: (port: number, running: Running) => Promise<void>) {
  const port = await freePort()
  const running = start(port)
  try {
    await judge(port, running)
  } finally {
    await running.stop()
  }
}

describe.skipIf(withoutPython('flask', 'jwt', 'cryptography'))('Flask', () => {
  const flask = (cwd: string, env: Record<string, string>) => (port: number) =>
    launch(PYTHON, ['-m', 'flask', '--app', 'app', 'run', '--host', 'localhost', '--port', String(port)], {
      cwd,
      env: { PYTHONDONTWRITEBYTECODE: '1', LATCHKEY_URL: service.url, ...env },
    })

  it('takes our token with the public key, and no other', async () => {
    const cwd = write('flask', { 'app.py': 'app.py', 'verify.py': 'verify.py' })
    await judged(flask(cwd, {}), async (port, running) => {
      await expectJudgement(port, running, await accessToken(service.url, service.demo), forged)
      expect(running.output()).not.toContain('Traceback')
    })
  })

  it('refuses it once its session has ended, with the feed', async () => {
    const cwd = write('feed', { 'app.py': 'app.py', 'verify.py': 'verify.py', 'revoked.py': 'revoked.py' })
    const app = readFileSync(join(cwd, 'app.py'), 'utf8').replace('from verify import', 'from revoked import')
    writeFileSync(join(cwd, 'app.py'), app)
    await judged(flask(cwd, { REVOCATION_FEED_SECRET }), async (port, running) => {
      const token = await accessToken(service.url, service.demo)
      while (
        (await fetch(`http://localhost:${port}/report`, { headers: { Authorization: token } }).catch(() => undefined))
          ?.status !== 200
      ) {
        if (running.hasExited()) throw new Error(running.output())
        await new Promise((done) => setTimeout(done, 200))
      }
      await expectJudgement(port, running, token, forged)
      expect((await logOut(token)).status).toBe(204)
      await refused(port, running, token)
      await expectJudgement(port, running, await accessToken(service.url, service.demo), forged)
    })
  })

  it('takes the token of a service where HS256 signs, with the shared key', async () => {
    const other = await startService({ vars: { JWT_SECRET_KEY } })
    try {
      const cwd = write('shared', { 'app.py': 'app.py', 'verify.py': 'shared.py' })
      await judged(flask(cwd, { JWT_SECRET_KEY }), async (port, running) =>
        expectJudgement(port, running, await accessToken(other.url, other.demo), forged),
      )
    } finally {
      await other.stop()
    }
  })
})

it('Express takes our token with the public key, and no other', async () => {
  const cwd = write('express', { 'server.js': 'server.js' })
  writeFileSync(join(cwd, 'package.json'), '{"type":"module"}')
  const start = (port: number) =>
    launch('npx', ['node', join(cwd, 'server.js')], {
      cwd: ROOT,
      env: { LATCHKEY_URL: service.url, PORT: String(port) },
    })
  await judged(start, async (port, running) =>
    expectJudgement(port, running, await accessToken(service.url, service.demo), forged),
  )
})

it('another Worker takes our token with the public key, and no other', async () => {
  const cwd = write('worker', { 'index.js': 'index.js', 'wrangler.toml': 'wrangler.toml' })
  const quiet = { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' }
  const start = (port: number) => {
    const own = ['--port', String(port), '--inspector-port', '0', '--var', `LATCHKEY_URL:${service.url}`]
    const args = ['wrangler', 'dev', ...own, '--show-interactive-dev-session=false', '--cwd', cwd]
    return launch('npx', args, { cwd: ROOT, env: quiet })
  }
  await judged(start, async (port, running) =>
    expectJudgement(port, running, await accessToken(service.url, service.demo), forged),
  )
})
