/** The promise to a developer: one command, nothing to answer, nothing to clean up, and never a deployed database. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import bcrypt from 'bcryptjs'
import { afterEach, describe, expect, it } from 'vitest'
import { addressOf, mailboxAt } from '../../scripts/address.ts'
import {
  accessToken,
  execute,
  executeFile,
  familyOf,
  freePort,
  freshClone,
  isRunning,
  literal,
  logIn,
  query,
  ROOT,
  run,
  type Service,
  signal,
  skipWithout,
  startService,
  temporaryFolder,
} from './service.ts'

/** How wrangler, npm and the shells ask. */
const QUESTION = /\by\/n\b|[❯›]|press any key|ok to proceed/i

/** The id that the script would like to give to its demo user. */
const DEMO_ID = 1_000_000

describe('npm run dev', () => {
  const cleanUp: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const task of cleanUp.splice(0).toReversed()) await task()
  })

  const folder = (): string => {
    const path = temporaryFolder()
    cleanUp.push(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  const start = async (options: Parameters<typeof startService>[0]): Promise<Service> => {
    const service = await startService(options)
    cleanUp.push(service.stop)
    return service
  }

  const insertPerson = async (persistTo: string, id?: number) => {
    const [email, password] = [`${randomUUID()}@example.com`, randomUUID()]
    const hash = literal(await bcrypt.hash(password, 10))
    const values = [id ?? 'NULL', literal(email), hash].join(', ')
    await execute(persistTo, `INSERT INTO users (id, email, hashed_password) VALUES (${values});`)
    return { email, password }
  }

  it('keeps the users, and adds the demo user once', async () => {
    const persistTo = folder()
    const first = await start({ persistTo })
    const person = await insertPerson(persistTo)
    expect((await logIn(first.url, person)).status).toBe(200)
    const token = await accessToken(first.url, first.demo)
    await first.stop()

    const second = await start({ persistTo })
    expect((await logIn(second.url, person)).status).toBe(200)
    expect((await logIn(second.url, second.demo)).status).toBe(200)
    const me = await fetch(`${second.url}/user/me`, { headers: { Authorization: token } })
    expect(await me.json()).toMatchObject({ email: second.demo.email })
    expect(me.headers.get('Server-Timing')).toMatch(/^total;dur=\d+, d1;dur=/)
    expect(await query(persistTo, 'SELECT email FROM users ORDER BY id')).toEqual([
      { email: second.demo.email },
      { email: person.email },
    ])
    expect(first.output()).toMatch(/^Applied /m)
    expect(second.output()).not.toMatch(/^Applied /m)
  })

  it('ends with Ctrl-C, and everything that it started ends with it', async () => {
    const { pid } = await start({})
    const family = familyOf(pid)
    expect(family.length).toBeGreaterThan(4) // npm, a shell, the script, wrangler, workerd
    signal(-pid, 'SIGINT') // a terminal sends it to the whole group
    await expect.poll(() => family.filter((id) => signal(id, 0)), { timeout: 10_000 }).toEqual([])
  })

  it.each([
    ['npm', 'SIGTERM'],
    ['npm', 'SIGINT'],
    ['npm', 'SIGHUP'],
    ['npm', 'SIGKILL'],
    ['the script', 'SIGTERM'],
    ['the script', 'SIGHUP'],
    ['the script', 'SIGKILL'],
  ] as const)('when %s alone gets %s, nothing is left on the port', async (who, name) => {
    const { pid, port } = await start({})
    const family = familyOf(pid)
    signal(who === 'npm' ? pid : family[1]!, name)
    await expect.poll(() => family.filter((id) => isRunning(id)), { timeout: 15_000 }).toEqual([])
    await expect(fetch(`http://localhost:${port}/health`)).rejects.toThrow('fetch failed')
  })

  it('says where it is only when it is there: not on a port that is taken', async () => {
    const { port, output } = await start({})
    const args = ['run', 'dev', '--', '--port', String(port), '--persist-to', folder()]
    const second = await run('npm', args)
    expect(second.code).toBe(1)
    expect(second.output).toContain('already in use')
    expect(second.output).not.toMatch(/Latchkey +http|Demo login/)
    expect(output()).toContain('Demo login')
  })

  it('is itself wherever it will be deployed to', async () => {
    const root = folder()
    freshClone(root)
    const file = join(root, 'wrangler.toml')
    const route = 'routes = [{ pattern = "login.example", custom_domain = true }]\n\n[dev]\nlocal_protocol = "http"\n'
    writeFileSync(file, readFileSync(file, 'utf8').replace('[[d1_databases]]', `${route}\n[[d1_databases]]`))
    const service = await start({ root, withoutArguments: true })
    const body = new URLSearchParams({ email: service.demo.email, password: service.demo.password })
    const headers = { Origin: service.url } // as a browser without Sec-Fetch-Site sends it
    const answer = await fetch(`${service.url}/login`, { method: 'POST', headers, body, redirect: 'manual' })
    expect(answer.status).toBe(303)
    expect(answer.headers.getSetCookie().some((cookie) => cookie.startsWith('latchkey='))).toBe(true)
  })

  it.each([
    [{ ip: 'localhost', protocol: 'http' }, 'http://localhost', 'http://localhost'],
    [{ ip: 'localhost', protocol: 'https' }, 'https://localhost', 'https://localhost'],
    [{ ip: '0.0.0.0', protocol: 'http' }, 'http://localhost', 'http://localhost'],
    [{ ip: '*', protocol: 'https' }, 'https://localhost', 'https://localhost'],
    [{ ip: '127.0.0.1', protocol: 'http' }, 'http://127.0.0.1', 'http://127.0.0.1'],
    [{ ip: '::1', protocol: 'http' }, 'http://[::1]', 'http://[::1]'],
    [{ ip: '192.0.2.1', protocol: 'https' }, 'https://192.0.2.1', 'https://192.0.2.1'],
    [{ ip: '192.0.2.1', protocol: 'http' }, 'http://192.0.2.1', 'http://localhost'], // what may be a PUBLIC_URL
  ])('%o is %s, and mails lead to %s', async (asked, url, publicUrl) => {
    const address = { port: 8080, url: `${url}:8080`, publicUrl: `${publicUrl}:8080` }
    expect(await addressOf({ ...asked, port: 8080 })).toEqual(address)
  })

  it.each([
    ['http://localhost:1', {}, 'http://localhost:1/cdn-cgi/local/explorer/email/sending'],
    ['https://127.0.0.1:1', { driver: 'binding' }, 'https://127.0.0.1:1/cdn-cgi/local/explorer/email/sending'],
    ['http://192.0.2.1:1', {}, 'the files that are named here with each mail'], // 403 at that address
    ['http://localhost:1', { mailUrl: 'http://localhost:2/' }, 'posted to http://localhost:2/'],
    ['http://localhost:1', { mailUrl: 'http://localhost:2/', driver: 'console' }, 'printed here'],
  ])('of the service at %s with %o, mails are read at %s', (url, settings, place) => {
    expect(mailboxAt(url, { driver: undefined, mailUrl: undefined, ...settings }).mail).toBe(place)
  })

  it('refuses --remote before it does anything', async () => {
    for (const flag of ['--remote', '-r', '--remote=true']) {
      const persistTo = join(folder(), 'state')
      const args = ['run', 'dev', '--', flag, '--port', String(await freePort()), '--persist-to', persistTo]
      const { code, output } = await run('npm', args)
      expect(code).toBe(1)
      expect(output).toContain('refuses to touch a deployed database')
      expect(existsSync(persistTo)).toBe(false)
    }
  })

  it('takes a database that was made from schema.sql alone, with users whatever their ids', async () => {
    const persistTo = folder()
    await executeFile(persistTo, join(ROOT, 'schema.sql'))
    const person = await insertPerson(persistTo, DEMO_ID)
    const service = await start({ persistTo })
    expect((await logIn(service.url, person)).status).toBe(200)
    expect((await logIn(service.url, service.demo)).status).toBe(200)
    expect(service.output()).not.toMatch(/^Applied /m)
  })

  describe('in a fresh clone, without an argument', () => {
    const clone = (): string => {
      const root = folder()
      freshClone(root)
      return root
    }

    it('writes secrets that only their owner can read, and never again', async () => {
      const root = clone()
      const secrets = join(root, '.dev.vars')
      expect(existsSync(secrets)).toBe(false)
      const first = await start({ root, withoutArguments: true })
      expect(first.output()).toContain('Wrote .dev.vars')
      expect(statSync(secrets).mode & 0o777).toBe(0o600)
      const text = readFileSync(secrets, 'utf8')
      const values = [...text.matchAll(/^(\w+)=([\w-]{43})$/gm)]
      expect(values.map(([, name]) => name).sort()).toEqual(['JWT_SECRET_KEY', 'LATCHKEY_SECRET'])
      expect(new Set(values.map(([, , value]) => value)).size).toBe(2)
      expect(text).toMatch(/^SIGNING_KEYS=\[\{.*"d":".*\}\]$/m)
      expect(first.output()).not.toContain('"d"')
      for (const [, , value] of values) expect(first.output()).not.toContain(value)
      const ready = await fetch(`${first.url}/ready`)
      expect(await ready.json()).toEqual({ status: 'ready', warnings: [] })
      await first.stop()

      const { mtimeMs } = statSync(secrets)
      const second = await start({ root, withoutArguments: true })
      expect(second.output()).not.toContain('Wrote .dev.vars')
      expect([readFileSync(secrets, 'utf8'), statSync(secrets).mtimeMs]).toEqual([text, mtimeMs])
      const git = execFileSync('git', ['check-ignore', '.dev.vars', '.wrangler/state'], { cwd: ROOT, encoding: 'utf8' })
      expect(git).toBe('.dev.vars\n.wrangler/state\n')
    })

    it('prints a command that logs in, and moves on when the port is taken', async () => {
      const root = clone()
      const first = await start({ root, withoutArguments: true })
      const second = await start({ root, withoutArguments: true })
      expect(second.port).not.toBe(first.port)
      for (const { output, url, demo } of [first, second]) {
        // Not run by curl itself, which a slim image does not have.
        const [, address, body] = /^ *curl -s (\S+) --json '(.*)'$/m.exec(output())!
        expect(address).toBe(`${url}/user/login`)
        expect((await logIn(url, JSON.parse(body!) as typeof demo)).status).toBe(200)
        expect(JSON.parse(body!)).toEqual(demo)
      }
    })
  })

  it('asks nothing when nobody can answer', async () => {
    const { output } = await start({}) // standard input is a closed pipe
    expect(output()).not.toMatch(QUESTION)
  })

  const script = skipWithout('`script` of util-linux', () => execFileSync('script', ['--version'], { stdio: 'ignore' }))
  it.skipIf(script)('asks nothing in a terminal either', async () => {
    const service = await start({ terminal: true })
    expect((await logIn(service.url, service.demo)).status).toBe(200)
    expect(service.output()).not.toMatch(QUESTION)
  })
})
