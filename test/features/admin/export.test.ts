import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { EXPORT_ROWS, exportEvents, formats } from '../../../src/features/admin/audit-export.ts'
import worker from '../../../src/index.ts'
import {
  administrator,
  bearer,
  call,
  callBy,
  callIn,
  ENV,
  expectProblem,
  freshDatabase,
  insertUser,
  type Member,
  ORIGIN,
  watchedIsolate,
} from '../../support.ts'

freshDatabase()

let admin: Member
beforeAll(async () => {
  admin = await administrator()
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO audit_events (at, event, user_id, user_agent) SELECT 1000 + i, 'login_failed', 7000007, '=1+' || i FROM n`,
  )
    .bind(EXPORT_ROWS + 1_201)
    .run()
})

const get = (path: string, own: Env = ENV) => callIn(own, 'GET', path, bearer(admin.token))
const linesOf = async (path: string, own?: Env) => {
  const answer = await get(path, own)
  expect(answer.status).toBe(200)
  return (await answer.text()).trimEnd().split(/\r?\n/)
}

describe('GET /admin/audit.csv', () => {
  it('is a file with names first, a byte order mark, and text that no spreadsheet runs', async () => {
    const target = await insertUser({ email: '=cmd,"x"@example.com', hashed_password: null })
    await env.DB.prepare(
      `INSERT INTO audit_events (at, event, user_id, actor, country, user_agent)
       VALUES (1795000000, 'roles_changed', ?, ?, 'KR', '@SUM(1)')`,
    )
      .bind(target.id, `user:${admin.id}`)
      .run()
    const answer = await get(`/admin/audit.csv?user_id=${target.id}`)
    expect(answer.headers.get('Content-Type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('Content-Disposition')).toMatch(/^attachment; filename="audit-\d{4}-\d\d-\d\d\.csv"$/)
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(bytes.slice(0, 3)).toEqual(new Uint8Array([0xef, 0xbb, 0xbf]))
    const [head, row, end] = new TextDecoder().decode(bytes).split('\r\n')
    expect(head).toBe(
      'id,at,event,reason,user_id,email,session_id,actor,actor_email,client_id,client_name,ip,country,user_agent,request_id',
    )
    expect(row!.replace(/^\d+/, 'ID')).toBe(
      `ID,2026-11-18T11:06:40.000Z,roles_changed,,${target.id},"'=cmd,""x""@example.com",,user:${admin.id},${admin.email},,,,KR,'@SUM(1),`,
    )
    expect(end).toBe('')
  })

  it('says in its last row that there is more, and where, and loses and doubles nothing', async () => {
    const first = await linesOf('/admin/audit.csv?event=login_failed&to=20000')
    expect(first).toHaveLength(1 + EXPORT_ROWS + 1)
    const [name, address] = first.at(-1)!.split(',')
    expect(name).toBe('next')
    expect(address).toMatch(/^\/admin\/audit\.csv\?event=login_failed&to=20000&cursor=/)
    const rest = await linesOf(address!)
    const ids = [...first.slice(1, -1), ...rest.slice(1)].map((line) => line.split(',')[0])
    expect([ids.length, new Set(ids).size]).toEqual([EXPORT_ROWS + 1_201, EXPORT_ROWS + 1_201])
  })
})

describe('GET /admin/audit.jsonl', () => {
  it('has an object on each line, as the list has it, and then the address of the rest', async () => {
    const lines = (await linesOf('/admin/audit.jsonl?user_id=7000007&from=1000')).map(
      (line) => JSON.parse(line) as object,
    )
    const list = await (await get('/admin/audit?user_id=7000007&limit=2')).json<{ events: unknown[] }>()
    expect(lines.slice(0, 2)).toEqual(list.events)
    const [name, next] = Object.entries(lines.at(-1)!)[0] as [string, string]
    const { pathname, searchParams } = new URL(next, ORIGIN)
    expect([name, pathname]).toEqual(['next', '/admin/audit.jsonl'])
    expect([searchParams.get('user_id'), searchParams.get('from')]).toEqual(['7000007', '1000'])
    expect(await linesOf(next)).toHaveLength(1_201)
    const nothing = await get('/admin/audit.jsonl?event=no_such_event')
    expect([nothing.headers.get('Content-Type'), await nothing.text()]).toEqual(['application/jsonl', ''])
  })
})

describe('an export', () => {
  it('reads in pages of 500, no more than it sends, and records who took it', async () => {
    const isolate = watchedIsolate()
    await linesOf('/admin/audit.jsonl?event=login_failed&to=2600', isolate.env) // 1,599 rows
    const reads = isolate.calls.filter(({ texts }) => texts.some((text) => text.includes('FROM audit_events')))
    expect(reads).toHaveLength(4)
    for (const { rows_read } of reads) expect(rows_read).toBeLessThanOrEqual(2 * 510)
    const last = env.DB.prepare('SELECT event, actor, user_id FROM audit_events ORDER BY id DESC LIMIT 1')
    expect(await last.first()).toEqual({ event: 'audit_exported', actor: `user:${admin.id}`, user_id: null })
  })

  it('asks for the next page only when the one before was read', async () => {
    const isolate = watchedIsolate()
    const reads = () => isolate.calls.filter(({ texts }) => texts[0]!.includes('FROM audit_events')).length
    const asked = { ...callBy(), env: isolate.env, session: {} as never }
    const filter = { user_id: 7_000_007, event: undefined, actor: undefined, from: 0, to: 20_000, cursor: undefined }
    const stream = await exportEvents(asked, { ...filter, format: formats.jsonl, address: '/x?' })
    const reader = stream.getReader()
    await reader.read()
    expect(reads()).toBe(1)
    await reader.read()
    expect(reads()).toBe(2)
    await reader.cancel()
    expect(reads()).toBe(2)
  })

  it('breaks off without an end where the database fails meanwhile', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {})
    let asked = 0
    const DB = new Proxy(env.DB, {
      get(db, name) {
        if (name === 'prepare' && ++asked > 5) throw new Error('D1 is gone')
        const found = Reflect.get(db, name) as unknown
        return typeof found === 'function' ? (found.bind(db) as unknown) : found
      },
    })
    const request = new Request(`${ORIGIN}/admin/audit.csv?event=login_failed`, bearer(admin.token))
    const answer = await worker.fetch(request as never, { ...ENV, DB } as Env, createExecutionContext())
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow('D1 is gone')
    expect(log.mock.calls.join()).toContain('"code":"export_broken"')
    log.mockRestore()
  })

  it.each(['limit=5', 'user=1', 'cursor=x', 'event=a&event=b'])('refuses %s', async (query) => {
    for (const kind of ['csv', 'jsonl']) {
      await expectProblem(await get(`/admin/audit.${kind}?${query}`), 422, 'invalid_query')
    }
    await expectProblem(await call('GET', '/admin/audit.csv'), 401, 'login_required')
  })
})
