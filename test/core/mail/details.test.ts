import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { composeMail, type Mail } from '../../../src/core/mail/compose.ts'
import { detailLines, detailsOf, readDetails } from '../../../src/core/mail/details.ts'
import { mailRow } from '../../../src/core/mail/outbox.ts'
import { undoPage } from '../../../src/core/users/undo.ts'
import { batch } from '../../../src/core/d1.ts'
import { sql } from '../../../src/lib/sql.ts'
import { commandCall } from '../../../scripts/cli/call.ts'
import { freshDatabase, insertUser, now } from '../../support.ts'

freshDatabase()

const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36'
const origin = { ip: '203.0.113.7', country: 'KR', user_agent: CHROME, language: 'en', request_id: 'r1' } as const
const AT = Date.UTC(2026, 10, 28, 21, 5) / 1000
const notice: Mail = {
  kind: 'test_added',
  words: {
    en: { subject: 'A key was added', lines: ['A key was added at {app}.', 'If it was you, there is nothing to do.'] },
    ko: {
      subject: '열쇠가 등록되었습니다',
      lines: ['{app} 계정에 열쇠가 등록되었습니다.', '본인이라면 무시해 주세요.'],
    },
  },
  details: true,
  link: undoPage,
}
const plain: Mail = { kind: 'plain', words: notice.words }
const settings = {
  APP_NAME: 'Shop',
  APP_LOGO_URL: undefined,
  APP_COLOR: undefined,
  PUBLIC_URL: 'https://login.example',
} as const
const filling = { token: 'T'.repeat(43) }
const stored = (own: object = {}, now = AT) => readDetails(detailsOf({ now, origin: { ...origin, ...own } }))!

describe('the details of a mail', () => {
  it('are time, place and device, in the language of the reader', () => {
    expect(detailLines(stored(), 'en')).toEqual([
      expect.stringMatching(/^Time: Nov 28, 2026, 9:05\sPM UTC$/),
      'Place: South Korea · 203.0.113.7',
      'Device: Chrome · Windows',
    ])
    expect(detailLines(stored(), 'ko')).toEqual([
      '시간: 2026. 11. 28. 오후 9:05 UTC',
      '위치: 대한민국 · 203.0.113.7',
      '기기: Chrome · Windows',
    ])
  })

  it('never contain what a client wrote', () => {
    const typed = '<a href="https://evil.example">Chrome/1</a> call +1 555 0100'
    expect(detailsOf({ now: AT, origin: { ...origin, user_agent: typed } })).not.toMatch(/evil|555/)
    expect(detailLines(stored({ user_agent: typed }), 'en').at(-1)).toBe('Device: Chrome')
    expect(detailLines(stored({ user_agent: 'evil' }), 'en').at(-1)).toBe('Device: Unknown device')
    expect(detailLines(stored({ user_agent: null }), 'ko').at(-1)).toBe('기기: 알 수 없는 기기')
  })

  it('leave out a place that nobody knows, and what is not a country', () => {
    expect(detailLines(stored({ ip: null, country: null }), 'en')).toHaveLength(2)
    for (const country of ['XX', 'T1', '<b>']) {
      expect(detailLines(stored({ country }), 'en')[1]).toBe('Place: 203.0.113.7')
    }
  })

  it('are only the time where an administrator or a command acts', () => {
    for (const actor of ['user:7', 'cli:root']) {
      expect(detailLines(stored({ actor }), 'en')).toEqual([expect.stringMatching(/^Time: /)])
    }
  })

  it('are read only if they are what this version stores', () => {
    for (const text of [null, '', 'x', '[]', '{}', '{"at":"now"}']) expect(readDetails(text)).toBeUndefined()
  })

  it('stand after the first line, and the link comes last, with its label', () => {
    const { text, html } = composeMail(notice, 'en', settings, { ...filling, details: stored() })
    expect(text).toMatch(
      /^A key was added .*Shop\.\n\nTime: .*\nPlace: .*\nDevice: .*\n\nIf it was you, .*\n\nThis was not me:\nhttps:\S+\n$/,
    )
    expect(html).toMatch(/>Time: [^<]*<br\/>Place: [^<]*<br\/>Device: [^<]*<\/p>/)
    expect(html).toMatch(/<a href="https:\/\/login\.example\/undo\?token=T{43}" [^>]*>This was not me<\/a>/)
  })

  it('may be missing, as in a row from before', () => {
    for (const language of ['en', 'ko'] as const) {
      const { text, html } = composeMail(notice, language, settings, filling)
      expect(text + html).not.toMatch(/undefined|null|Time:|시간:/)
    }
  })

  it('are stored with the mails that show them, and with no other', async () => {
    const { id } = await insertUser({})
    const call = { ...commandCall(env.DB, origin, now()) }
    const users = sql`id = ${id}`
    await batch(env.DB, [await mailRow(call, notice, users), await mailRow(call, plain, users)])
    const rows = await env.DB.prepare('SELECT kind, details FROM outbox ORDER BY kind').all()
    expect(rows.results).toEqual([
      { kind: 'plain', details: null },
      { kind: 'test_added', details: detailsOf(call) },
    ])
    expect(composeMail(plain, 'en', settings, { ...filling, details: stored() }).text).not.toContain('Time:')
  })
})
