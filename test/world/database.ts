import { applyD1Migrations, type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { ENV } from './bindings.ts'

/** An empty, migrated database for the file that calls it. */
export function freshDatabase(): void {
  beforeAll(async () => {
    await reset()
    await migrate(env.DB, env.TEST_MIGRATIONS)
  })
}

/** Applies migrations one by one, because the error of `applyD1Migrations` does not name the one that failed. */
export async function migrate(db: D1Database, migrations: D1Migration[]): Promise<void> {
  for (const migration of migrations) {
    await applyD1Migrations(db, [migration]).catch((cause: Error) => {
      throw new Error(`${migration.name} was not applied: ${cause.message}`, { cause })
    })
  }
}

/** The same database as another isolate sees it: that isolate knows nothing of revocations here. */
export const anotherIsolate = (): Env => ({ ...ENV, DB: new Proxy(env.DB, methodsOf) })

/** Native methods refuse a proxy as their `this`. */
const methodsOf: ProxyHandler<D1Database> = {
  get(target, name) {
    const value: unknown = Reflect.get(target, name)
    return typeof value === 'function' ? (value.bind(target) as unknown) : value
  },
}

/** One call of D1: its statements, and how many rows D1 says it read and wrote. */
type Asking = { texts: string[]; rows_read: number; rows_written: number }

type Watched = {
  DB: D1Database
  calls: Asking[]
  /** The statements of all calls. */
  texts: string[]
  /** Runs before a call reaches D1. If it throws, D1 failed; if it never resolves, D1 does not respond. */
  before: (texts: string[]) => Promise<unknown> | void
  /** Runs after D1 has done its work. If it throws, the response was lost on the way. */
  after: (texts: string[]) => Promise<unknown> | void
}

export type Isolate = Watched & { env: Env }

/** A separate isolate on the same database, with its own settings, that counts its D1 calls and can break them. */
export function watchedIsolate(settings: Record<string, string | undefined> = {}): Isolate {
  const watched = watchedDatabase()
  return Object.assign(watched, { env: { ...ENV, ...settings, DB: watched.DB } as Env })
}

/** The same database behind a binding that counts its calls and can break them. */
export function watchedDatabase(): Watched {
  const statements = new WeakMap<object, { native: D1PreparedStatement; text: string }>()
  const ask = async <T>(asked: string[], reach: () => Promise<T>): Promise<T> => {
    const asking: Asking = { texts: asked, rows_read: 0, rows_written: 0 }
    watched.calls.push(asking)
    watched.texts.push(...asked)
    await watched.before(asked)
    const result = await reach()
    for (const one of [result].flat() as ({ meta?: { rows_read?: number; rows_written?: number } } | null)[]) {
      asking.rows_read += one?.meta?.rows_read ?? 0
      asking.rows_written += one?.meta?.rows_written ?? 0
    }
    await watched.after(asked)
    return result
  }
  const statement = (text: string, native: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(native, {
      get(target, name) {
        if (name === 'bind') return (...params: unknown[]) => statement(text, target.bind(...params))
        // `first` does not report its cost.
        if (name === 'first') return async () => (await ask([text], () => target.all())).results[0] ?? null
        const method: unknown = Reflect.get(target, name)
        if (typeof method !== 'function') return method
        return (...args: unknown[]) => ask([text], () => method.apply(target, args) as Promise<unknown>)
      },
    })
    statements.set(proxy, { native, text })
    return proxy
  }
  const DB = new Proxy(env.DB, {
    get(target, name, receiver) {
      if (name === 'prepare') return (text: string) => statement(text, target.prepare(text))
      if (name !== 'batch') return methodsOf.get!(target, name, receiver) as unknown
      return (list: D1PreparedStatement[]) => {
        const known = list.map((one) => statements.get(one)!)
        return ask(
          known.map(({ text }) => text),
          () => target.batch(known.map(({ native }) => native)),
        )
      }
    },
  })
  const watched: Watched = { DB, calls: [], texts: [], before: () => {}, after: () => {} }
  return watched
}

/** A database whose every statement ends like this. */
export function brokenDatabase(end: () => Promise<never>): D1Database {
  const statement = { bind: () => statement, first: end, all: end, run: end }
  return { prepare: () => statement, batch: end } as unknown as D1Database
}

export const lost = (): Promise<never> => Promise.reject(new Error('D1_ERROR: Network connection lost.'))

/** Every row of every table, as a copy of the database would show them. */
export async function dump(): Promise<Record<string, Record<string, unknown>[]>> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 4) <> '_cf_'`,
  ).all<{ name: string }>()
  const reading = results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`))
  const tables = await env.DB.batch<Record<string, unknown>>(reading)
  return Object.fromEntries(results.map(({ name }, i) => [name, tables[i]!.results]))
}

/** Runs one statement. */
export const run = (text: string, ...values: unknown[]) =>
  env.DB.prepare(text)
    .bind(...values)
    .run()
