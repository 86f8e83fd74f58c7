/** The mails as their readers see them, and where a developer finds them. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { composeMail } from '../../src/core/mail/compose.ts'
import { mails as account } from '../../src/features/account/mails.ts'
import { mails as code } from '../../src/features/code/mails.ts'
import { mails as password } from '../../src/features/password/mails.ts'
import { launchBrowser, openPage, withoutChromium } from './browser.ts'
import { look } from './look.ts'
import { startService } from './service.ts'

const settings = {
  APP_NAME: 'Shop',
  APP_LOGO_URL: undefined,
  APP_COLOR: '#ffe000',
  PUBLIC_URL: 'https://login.a-long-name-for-a-shop.example',
}
const details = {
  at: 1_795_900_000,
  country: 'KR',
  ip: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
  device: 'Chrome · Windows',
}
const token = 'T'.repeat(43)

describe.skipIf(withoutChromium())('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  it.each([
    ['a code', code.code, `ABCD-EFGH ${token}`],
    ['a link', password.reset, token],
    ['a notice', password.passwordChanged, token],
    ['a mail without a button', account.accountDeleted, undefined],
  ] as const)('%s fits, and axe has nothing to say, wide and narrow, light and dark', async (name, mail, sealed) => {
    const [page, complaints] = await openPage(browser)
    for (const language of ['en', 'ko'] as const) {
      for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 700 })
        await page.setContent(composeMail(mail, language, settings, { token: sealed, details }).html)
        await look(page, `mail-${name.replaceAll(' ', '-')}-${language}-${width}`, width === 360)
      }
    }
    expect(complaints).toEqual([])
  })

  it('the address that is printed shows a mail that was sent', async () => {
    const service = await startService()
    try {
      const body = JSON.stringify({ email: service.demo.email })
      const headers = { 'Content-Type': 'application/json' }
      await fetch(`${service.url}/user/password/forgot`, { method: 'POST', headers, body })
      const [, mailbox = ''] = /^ *Mail +(\S+)$/m.exec(service.output())!
      const [page] = await openPage(browser)
      await page.goto(mailbox)
      await page.getByText('Latchkey: Set a new password').waitFor()
      expect(await page.getByText(service.demo.email).count()).toBeGreaterThan(0)
    } finally {
      await service.stop()
    }
  })
})
