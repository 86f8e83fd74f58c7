import { setTimeout as sleep } from 'node:timers/promises'
import { type Sql, sql } from '../../src/lib/sql.ts'
import { command, noArguments, UsageError, wholeNumber } from './command.ts'
import { localTime, printJson, printTable } from './output.ts'
import { auditEvents, type AuditRow, userNamed } from './queries.ts'

const LIMIT = '50'
const FOLLOW_EVERY_MS = 2_000
const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 }

export const audit = command({
  name: 'audit',
  summary: 'Show the audit trail, newest last',
  usage: '[--user <id or email>] [--event login_failed] [--since 7d] [--limit 50] [--follow]',
  options: {
    user: { type: 'string', help: 'events of this user; an id also works after the deletion' },
    event: { type: 'string', help: 'only events of this name' },
    since: { type: 'string', help: 'only events since 30m, 12h or 7d ago, or since a date such as 2026-11-01' },
    limit: { type: 'string', help: `the maximum number (${LIMIT})` },
    follow: { type: 'boolean', help: 'keep showing new events until Ctrl-C' },
  },
  async run({ positionals, values }, { withCall, now, json }) {
    noArguments(positionals)
    const { user, event, since, limit = LIMIT, follow = false } = values
    const most = wholeNumber(limit, 'limit', 10_000)
    const from = since === undefined ? 0 : timeOf(since, now)
    const show = (rows: AuditRow[]) => {
      if (json) rows.forEach(printJson)
      else if (rows.length > 0 || !follow) printTable(TITLES, rows.map(cells), 'Nothing of that kind happened.')
    }
    await withCall(async ({ env: { DB: db } }) => {
      const user_id =
        user === undefined ? undefined : /^\d+$/.test(user) ? Number(user) : (await userNamed(db, user)).id
      const ofUser = user_id === undefined ? sql`TRUE` : sql`user_id = ${user_id}`
      const condition = sql`${ofUser} AND ${event === undefined ? sql`TRUE` : sql`event = ${event}`} AND at >= ${from}`
      const ask = (more: Sql) => auditEvents(db, sql`${condition} AND ${more}`, most)
      let rows = await ask(sql`TRUE`)
      show(rows)
      if (!follow) return
      for (let last = 0; ; await sleep(FOLLOW_EVERY_MS)) {
        last = Math.max(last, ...rows.map(({ id }) => id))
        rows = await ask(sql`id > ${last}`)
        if (rows.length > 0) show(rows)
      }
    })
  },
})

const TITLES = ['time', 'event', 'reason', 'user', 'by', 'address', 'country']

const cells = ({ at, event, reason, user_id, actor, ip, country }: AuditRow): string[] =>
  [localTime(at), event, reason, user_id, actor, ip, country].map((value) => String(value ?? ''))

/** Seconds since 1970. @throws UsageError */
function timeOf(text: string, now: number): number {
  const [, count = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== '') return now - Number(count) * SECONDS[unit]!
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN
  if (Number.isNaN(date)) throw new UsageError('--since takes 30m, 12h, 7d, or a date like 2026-11-01.')
  return Math.floor(date / 1000)
}
