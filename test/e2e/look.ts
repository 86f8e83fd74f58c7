import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Locator, Page } from 'playwright-core'
import { expect, vi } from 'vitest'
import { screenshot } from './browser.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Whatever is wrong with a page that can be measured: nothing sticks out, and axe, which needs script, finds nothing. */
export async function look(page: Page, name: string, script: boolean): Promise<void> {
  await screenshot(page, name)
  const measure = () => document.documentElement.scrollWidth - document.documentElement.clientWidth
  // Between two pages there is no document to measure, and a page without its stylesheet yet is wider.
  const fits = async () => expect(await page.evaluate(measure), name).toBeLessThanOrEqual(0)
  await vi.waitFor(fits, { timeout: 10_000 })
  if (!script) return
  await page.evaluate(AXE)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations, passes } = await page.evaluate(() => (window as unknown as { axe: Axe }).axe.run())
    expect(passes.length, name).toBeGreaterThan(10)
    const texts = violations
      .map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.filter(({ html }) => !isNavers(id, html)) }))
      .filter(({ nodes }) => nodes.length > 0)
      .map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map((n) => n.html).join(' ')}`)
    expect(texts, `${name}, ${colorScheme}`).toEqual([])
  }
}

/** Naver asks for white on its green, which is less contrast than WCAG asks for. Readers who want more get black. */
const isNavers = (id: string, html: string): boolean =>
  id === 'color-contrast' && /^<a [^>]*class="provider naver"/.test(html)

type Found = { id: string; impact: string; nodes: { html: string }[] }
type Axe = { run: () => Promise<{ violations: Found[]; passes: Found[] }> }

/** Follows a link and waits for the page that comes then. A click alone returns while the old page is still there. */
export async function follow(link: Locator): Promise<void> {
  await Promise.all([link.page().waitForEvent('load'), link.click()])
}

/** Presses a button and waits for the page that comes then. */
export async function submit(page: Page, name: string): Promise<void> {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
}
