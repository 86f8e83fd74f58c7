/**
 * Does the time of an answer tell whether an account exists? Sends requests of each kind in turn, one at a time, and
 * compares the medians. Each asks for a name of its own, so that no doorkeeper gets tired of one. `node bench/enumeration.ts [samples per kind, 200 unless told]`
 */
import { randomUUID } from 'node:crypto'
import bcrypt from 'bcryptjs'
import { execute, literal, startService } from '../test/e2e/service.ts'

const COST = 10

const samples = Number(process.argv[2] ?? 200)
if (!Number.isInteger(samples) || samples < 1) throw new Error('How many samples per kind? A whole number from 1 on.')

const PEOPLE = {
  'wrong password': { name: 'active', hash: await hashOfNobody(COST) },
  'wrong password, disabled': { name: 'disabled', hash: await hashOfNobody(COST), disabled_at: 1 },
  'broken hash': { name: 'broken', hash: '$2b$10$this-is-not-what-bcrypt-writes' },
  'imported hash of cost 8': { name: 'cheap', hash: await hashOfNobody(8) },
}
const UNKNOWN = 'unknown email'

/** What differs from one answer to the next whoever is asked for; the times are told in development alone. */
const OF_EACH_ANSWER = ['x-request-id', 'date', 'server-timing']

/** What is asked of each name, and what is sent. Bytes of the password: one, one more than bcrypt reads, very many. */
const QUESTIONS: Record<string, { path: string; body: (email: string) => object }> = {
  'login, 1 byte': { path: '/user/login', body: (email) => ({ email, password: 'x' }) },
  'login, 73 bytes': { path: '/user/login', body: (email) => ({ email, password: 'x'.repeat(73) }) },
  'login, 4000 bytes': { path: '/user/login', body: (email) => ({ email, password: 'x'.repeat(4_000) }) },
  register: { path: '/user/register', body: (email) => ({ email, password: 'not the password of anybody' }) },
  forgot: { path: '/user/password/forgot', body: (email) => ({ email }) },
  code: { path: '/user/login/code', body: (email) => ({ email }) },
}

type Answer = { milliseconds: number; seen: string }

const service = await startService({ vars: { BCRYPT_COST: String(COST) } })
try {
  const questions = Object.entries(QUESTIONS)
  const rows = Object.values(PEOPLE).flatMap(({ name, hash, ...rest }) => {
    const disabledAt = 'disabled_at' in rest ? String(rest.disabled_at) : 'NULL'
    return questions.flatMap((_, question) =>
      Array.from({ length: samples + 1 }, (__, round) => {
        const values = [literal(address(name, question, round)), literal(hash), disabledAt].join(', ')
        return `INSERT INTO users (email, hashed_password, disabled_at) VALUES (${values});`
      }),
    )
  })
  await execute(service.persistTo, rows.join('\n'))

  const kinds = Object.entries({ [UNKNOWN]: { name: 'unknown' }, ...PEOPLE })
  console.log(`${samples} requests of each kind, one at a time, bcrypt cost ${COST}, milliseconds`)
  for (const [question, [title, { path, body }]] of questions.entries()) {
    const answers = new Map<string, Answer[]>(kinds.map(([kind]) => [kind, []]))
    const askFor = (name: string, round: number) => ask(path, body(address(name, question, round)))
    for (const [, { name }] of kinds) await askFor(name, samples) // opens what the others find ready
    for (let round = 0; round < samples; round++) {
      // Another order each time: whatever one answer does to the next falls on all kinds alike.
      for (const [kind, { name }] of shuffled(kinds)) answers.get(kind)!.push(await askFor(name, round))
    }

    const reference = median(times(answers.get(UNKNOWN)!))
    console.log(`\n${line(title, 'median', '10%', '90%', 'of unknown')}`)
    for (const [kind, list] of answers) {
      const [middle, low, high] = [median(times(list)), quantile(times(list), 0.1), quantile(times(list), 0.9)]
      console.log(line(kind, middle.toFixed(2), low.toFixed(2), high.toFixed(2), (middle / reference).toFixed(3)))
    }
    const different = new Set([...answers.values()].flat().map(({ seen }) => seen))
    if (different.size === 1) continue
    console.error(`The answers differ:\n${[...different].join('\n')}`)
    process.exitCode = 1
  }
  if (process.exitCode === undefined) console.log('\nWithin each question every answer was the same, to the byte.')
} finally {
  await service.stop()
}

function address(name: string, question: number, round: number): string {
  return `${name}.${question}.${round}@example.com`
}

async function ask(path: string, json: object): Promise<Answer> {
  const start = performance.now()
  const headers = { 'Content-Type': 'application/json' }
  const response = await fetch(service.url + path, { method: 'POST', headers, body: JSON.stringify(json) })
  const body = (await response.json()) as Record<string, unknown>
  const milliseconds = performance.now() - start
  const seen = [...response.headers].filter(([name]) => !OF_EACH_ANSWER.includes(name))
  const ticket = typeof body.ticket // a ticket is random
  return { milliseconds, seen: JSON.stringify([response.status, seen, { ...body, ticket, request_id: undefined }]) }
}

function hashOfNobody(cost: number): Promise<string> {
  return bcrypt.hash(randomUUID(), cost)
}

function shuffled<T>(list: T[]): T[] {
  return list
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

function times(answers: Answer[]): number[] {
  return answers.map(({ milliseconds }) => milliseconds)
}

function median(values: number[]): number {
  return quantile(values, 0.5)
}

function quantile(values: number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * part)]!
}

function line(kind: string, ...columns: string[]): string {
  return kind.padEnd(26) + columns.map((column) => column.padStart(11)).join('')
}
