/** Writes the pictures of the READMEs into `docs/images`, from a running service. Needs Chromium. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { launchBrowser, openPage } from '../test/e2e/browser.ts'
import { startService } from '../test/e2e/service.ts'
import { ROOT } from './local.ts'

/** Of a small phone, in CSS pixels. */
const VIEWPORT = { width: 360, height: 560 }

const LANGUAGES = [
  { locale: 'en-US', suffix: '', email: 'Email', password: 'Password', signIn: 'Sign in' },
  { locale: 'ko-KR', suffix: '.ko', email: '이메일 주소', password: '비밀번호', signIn: '로그인' },
]

const folder = join(ROOT, 'docs', 'images')
mkdirSync(folder, { recursive: true })
const service = await startService()
const browser = await launchBrowser()
try {
  const userAgent = `Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/${browser.version()} Mobile Safari/537.36`
  for (const { locale, suffix, email, password, signIn } of LANGUAGES) {
    const options = { locale, userAgent, viewport: VIEWPORT, deviceScaleFactor: 1.5, colorScheme: 'light' as const }
    const [page] = await openPage(browser, options)
    const take = (name: string, fullPage: boolean) =>
      page.screenshot({ path: join(folder, `${name}${suffix}.png`), fullPage })
    await page.goto(`${service.url}/login`)
    await page.getByLabel(email).fill(service.demo.email)
    await page.getByLabel(password).fill(service.demo.password)
    await page.mouse.click(1, 1) // takes the cursor out of the field
    await take('sign-in', true)
    await page.getByRole('button', { name: signIn, exact: true }).click()
    await page.goto(`${service.url}/account`)
    await take('account', false) // its upper part says what it is
  }
} finally {
  await browser.close()
  await service.stop()
}
