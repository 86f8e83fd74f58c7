/** The outboxes when there is much in them: a provider and a receiver on the loopback, and cron as it comes every minute. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Mailbox, openMailbox } from './mailbox.ts'
import { execute, query, type Service, startService } from './service.ts'

let mailbox: Mailbox
let service: Service

/** Milliseconds, when a mail was taken. Only two a second are, where `isSlow`. */
let taken: number[] = []
let isSlow = false
const statusFor = (to: string) => {
  if (to.startsWith('refused')) return 422
  taken = taken.filter((at) => Date.now() - at < 1_000)
  if (isSlow && taken.length >= 2) return 429
  taken.push(Date.now())
  return 200
}

beforeAll(async () => {
  mailbox = await openMailbox(statusFor)
  const WEBHOOK_SECRET = `whsec_${btoa('s'.repeat(32))}`
  // Nobody listens on the discard port.
  service = await startService({
    vars: { MAIL_URL: mailbox.url, WEBHOOK_URL: 'http://127.0.0.1:9/events', WEBHOOK_SECRET },
  })
})

afterAll(async () => {
  await service?.stop()
  mailbox?.stop()
})

const cron = async () => {
  const answer = await fetch(`${service.url}/cdn-cgi/local/scheduled`)
  expect(answer.status).toBe(200)
}

const upTo = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`
const wait = (count: number, name: string) =>
  execute(
    service.persistTo,
    `INSERT INTO outbox (id, kind, recipient, language, created_at, due_at)
     ${upTo(count)} SELECT '${name}' || i, 'password_changed', '${name}' || i || '@example.com', 'en', unixepoch(), 0 FROM n;`,
  )
const count = async (rows: string) =>
  (await query<{ n: number }>(service.persistTo, `SELECT count(*) AS n FROM ${rows}`))[0]!.n

it('behind 5,000 mails, that of a registration leaves with its own request', async () => {
  await wait(5_000, 'waiting')
  const email = 'newcomer@example.com'
  const answer = await fetch(`${service.url}/user/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password: 'a password of the newcomer' }),
  })
  expect(answer.status).toBe(202)
  expect(await mailbox.link(email)).toContain('/verify?token=')
  expect(mailbox.arrived().length).toBeLessThan(25)
  expect(await count('outbox')).toBeGreaterThan(4_950)
  await execute(service.persistTo, 'DELETE FROM outbox;')
})

it('twenty registrations at once are all mailed within the minute where the provider takes two a second', async () => {
  isSlow = true
  const emails = Array.from({ length: 20 }, (_, i) => `newcomer${i}@example.com`)
  const register = (email: string, i: number) =>
    fetch(`${service.url}/user/register`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': `198.51.${i}.1` },
      body: JSON.stringify({ email, password: 'a password of the newcomer' }),
    })
  const answers = await Promise.all(emails.map(register))
  expect(answers.map(({ status }) => status)).toEqual(emails.map(() => 202))
  const begun = Date.now()
  await sleep(12_000) // what is done after an answer is over
  // Twenty passes at once may put one off for half a minute, and cron comes at any second of the minute.
  do await cron()
  while ((await count('outbox')) > 0 && Date.now() - begun < 55_000 && (await sleep(2_000, true)))
  await Promise.all(emails.map((email) => mailbox.link(email)))
  expect(Date.now() - begun).toBeLessThan(60_000)
  expect(mailbox.arrived().filter((to) => /^newcomer\d/.test(to))).toHaveLength(20)
  expect(await count('outbox')).toBe(0)
  isSlow = false
})

it('sixty mails that wait leave in two runs where the provider takes two a second', async () => {
  isSlow = true
  await wait(60, 'sixty')
  await cron()
  expect(mailbox.arrived().filter((to) => to.startsWith('sixty')).length).toBeGreaterThan(40)
  await cron()
  expect(mailbox.arrived().filter((to) => to.startsWith('sixty'))).toHaveLength(60)
  expect(await count('outbox')).toBe(0)
  isSlow = false
})

it('2,000 addresses that are refused for good keep no other mail from leaving in one run', async () => {
  await wait(2_000, 'refused')
  await wait(20, 'welcome')
  await cron()
  expect(mailbox.arrived().filter((to) => to.startsWith('welcome'))).toHaveLength(20)
  expect(await count('outbox')).toBe(0)
  expect(await count(`audit_events WHERE event = 'mail_given_up' AND reason = 'refused'`)).toBe(2_000)
})

it('3,000 events that nobody takes are gone after 3 days, within the hour', async () => {
  await execute(
    service.persistTo,
    `DELETE FROM webhook_outbox;
     INSERT INTO webhook_outbox (id, type, user_id, at, due_at)
     ${upTo(3_000)} SELECT 'evt_' || i, 'user.enabled', i, unixepoch() - 3 * 86400, unixepoch() - 3 * 86400 FROM n;`,
  )
  for (let minute = 0; minute < 4; minute++) await cron()
  // A few of them had never been tried, and then wait for half a minute like any other.
  expect(await count('webhook_outbox')).toBeLessThan(10)
  await execute(service.persistTo, 'UPDATE webhook_outbox SET due_at = unixepoch() WHERE attempts > 0;')
  await cron()
  expect(await count('webhook_outbox')).toBe(0)
  expect(await count(`audit_events WHERE event = 'webhook_given_up'`)).toBe(3_000)
})
