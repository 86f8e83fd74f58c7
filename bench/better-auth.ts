import { DatabaseSync } from 'node:sqlite'
import { emailOf, PASSWORD } from './people.ts'
import { startWorker, type WorkerServer } from './server.ts'

/** better-auth on a database of its own, with people who all have the same hash. */
export async function startBetterAuth(name: string, script: string, seed: Seed, vars: object): Promise<WorkerServer> {
  const server = await startWorker(name, script, vars)
  const statements = (await schema()).split(';').filter((statement) => statement.trim() !== '')
  await server.db.batch(statements.map((statement) => server.db.prepare(statement)))
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${seed.people})`
  const at = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`
  const users = `INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt)
    ${numbers} SELECT 'u' || i, 'Person', 'person' || i || '@example.com', 1, ${at}, ${at} FROM n`
  const accounts = `INSERT INTO account (id, accountId, providerId, userId, password, createdAt, updatedAt)
    ${numbers} SELECT 'a' || i, 'u' || i, 'credential', 'u' || i, ?, ${at}, ${at} FROM n`
  await server.db.batch([server.db.prepare(users), server.db.prepare(accounts).bind(seed.hash)])
  return server
}

type Seed = { people: number; hash: string }

/** The cookies that a browser would send after signing in. */
export async function cookiesOf({ port }: WorkerServer, person: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: emailOf(person), password: PASSWORD }),
  })
  if (answer.status !== 200) throw new Error(`better-auth answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

/** The tables that better-auth itself asks for. Loaded late and by name: only the benchmark installs it. */
async function schema(): Promise<string> {
  const module = 'better-auth/db/migration'
  const { getMigrations } = (await import(module)) as {
    getMigrations: (options: object) => Promise<{ compileMigrations: () => Promise<string> }>
  }
  const options = { database: new DatabaseSync(':memory:'), emailAndPassword: { enabled: true } }
  return (await getMigrations(options)).compileMigrations()
}
