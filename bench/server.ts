import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { applyMigrations } from '../scripts/migrations.ts'
import { newSigningKeys } from '../scripts/signing-keys.ts'
import { BENCH, compatibility_date } from './bundle.ts'
import { childrenOf, cpuMs } from './process-cpu.ts'

/** Something that answers on a port of its own, and what it has cost. */
export type Server = { name: string; port: number; pid: number; cpuMs: () => number; stop: () => Promise<void> }
export type WorkerServer = Server & { db: D1Database }

export const JWT_SECRET_KEY = 'only for this benchmark: thirty-two bytes and some'
export const LATCHKEY_SECRET = 'only for this benchmark: another thirty-two bytes'

export const PUBLIC_URL = 'https://login.example'

/** Where access tokens are signed with a key that can be published. */
export const PUBLISHED = { ACCESS_TOKEN_ALG: 'ES256', SIGNING_KEYS: JSON.stringify(newSigningKeys()) }

/** All Workers get the same bindings; what differs is in `vars`. */
const BINDINGS = {
  JWT_SECRET_KEY,
  LATCHKEY_SECRET,
  BETTER_AUTH_SECRET: JWT_SECRET_KEY,
  PUBLIC_URL,
  REQUEST_LOG: 'off', // the others write none
  UPDATE_AGE: '86400',
}

const UNLIMITED = { namespace_id: '1', simple: { limit: 1e9, period: 60 as const } }

/**
 * A workerd of its own for one bundle, with an empty D1 database. Its socket leads straight into the Worker: the proxies
 * of `wrangler dev`, and of miniflare's own port, cost many times what is measured here.
 */
export async function startWorker(name: string, script: string, vars: object = {}): Promise<WorkerServer> {
  const before = new Set(childrenOf(process.pid))
  const durableObjects = script.includes('Doorkeeper')
    ? { DOORKEEPER: { className: 'Doorkeeper', useSQLite: true } }
    : {}
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script,
      compatibilityDate: compatibility_date!,
      d1Databases: ['DB'],
      durableObjects,
      ratelimits: { PREFILTER: UNLIMITED, PREFILTER_REFRESH: UNLIMITED, BREAKER: UNLIMITED },
      bindings: { ...BINDINGS, ...vars },
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      cf: false,
      telemetry: { enabled: false },
    }),
  )
  const { port } = await miniflare.unsafeGetDirectURL()
  const [pid, ...others] = childrenOf(process.pid).filter((id) => !before.has(id))
  if (pid === undefined || others.length > 0) throw new Error('There should be exactly one new process.')
  const db = (await miniflare.getD1Database('DB')) as unknown as D1Database
  return { name, port: Number(port), pid, db, cpuMs: () => cpuMs(pid), stop: () => miniflare.dispose() }
}

export async function startLatchkey(name: string, script: string, vars: object = {}): Promise<WorkerServer> {
  const server = await startWorker(name, script, vars)
  await applyMigrations(server.db)
  return server
}

/** Two processes, as the tutorials of Flask recommend for two cores. */
export async function startFlask(database: string): Promise<Server> {
  const port = await freePort()
  const options = ['--workers', '2', '--bind', `127.0.0.1:${port}`, '--chdir', join(BENCH, 'contenders')]
  const gunicorn = spawn('/usr/bin/gunicorn', [...options, 'flask_app:app'], {
    env: { PATH: '/usr/bin:/bin', JWT_SECRET_KEY, DATABASE: database, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: 'ignore',
  })
  const pid = gunicorn.pid!
  const stop = async () => {
    const ended = once(gunicorn, 'exit')
    gunicorn.kill()
    await ended
  }
  for (let tries = 0; tries < 100; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined)
    if (answer?.status === 200 && childrenOf(pid).length === 2) {
      const used = () => [pid, ...childrenOf(pid)].reduce((sum, id) => sum + cpuMs(id), 0)
      return { name: 'Flask', port, pid, cpuMs: used, stop }
    }
    await wait(100)
  }
  await stop()
  throw new Error('gunicorn did not start.')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('There is no free port.')
  return address.port
}
