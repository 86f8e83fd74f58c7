/** The commands of docs/sign-in.md, taken from the page as they stand and run in a fresh clone beside the service. */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plugIn } from './authenticator.ts'
import { launchBrowser, withoutChromium } from './browser.ts'
import { type Mailbox, openMailbox } from './mailbox.ts'
import {
  freshClone,
  launch,
  logIn,
  ROOT,
  type Running,
  type Service,
  skipWithout,
  startService,
  temporaryFolder,
} from './service.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'sign-in.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text)

/** The last block runs on a deployed database. */
const COMMANDS = blocks('sh').slice(0, -1)
const REMOTE = blocks('sh').at(-1)!

/** Between the outputs of two blocks. */
const CUT = '--- next block ---'

const INDEX = `import { Hono } from 'hono'
import type { AppEnv, Yours } from '#latchkey'
import { payouts } from './payouts.ts'
import { action } from './routes.ts'

export const yours = {
  name: 'yours',
  routes: new Hono<AppEnv>().route('/action', action).route('/', payouts),
} satisfies Yours
`

it('leaves out no example but the one for a deployed database', () => {
  expect(COMMANDS).toHaveLength(9)
  expect(REMOTE).toContain('--remote')
  expect([blocks('js'), blocks('ts'), blocks('json')].map(({ length }) => length)).toEqual([1, 1, 1])
  expect(PAGE.match(/^```\w/gm)).toHaveLength(COMMANDS.length + 4)
})

const without = skipWithout('bash, curl or oathtool', () => {
  for (const tool of ['bash', 'curl', 'oathtool']) execFileSync(tool, ['--version'], { stdio: 'ignore' })
})

describe.skipIf(without)('in a fresh clone', () => {
  let root: string
  let mailbox: Mailbox
  let service: Service
  beforeAll(async () => {
    root = temporaryFolder()
    freshClone(root)
    writeFileSync(join(root, 'src/yours/payouts.ts'), blocks('ts')[0]!)
    writeFileSync(join(root, 'src/yours/index.ts'), INDEX)
    mailbox = await openMailbox()
    const vars = { MAIL_URL: mailbox.url, SECOND_FACTOR: 'admins' }
    service = await startService({ root, vars, persistTo: join(root, '.wrangler', 'state') })
  })
  afterAll(async () => {
    await service?.stop()
    mailbox?.stop()
    rmSync(root, { recursive: true, force: true })
  })

  /** The code in the newest mail, as long as the commands run. Notices come to the same address. */
  const mailedCode = (to: string, running: Running): Promise<string> =>
    mailbox.code(to).catch((error: unknown) => {
      if (running.hasExited()) throw new Error(running.output(), { cause: error })
      return mailedCode(to, running)
    })

  it('the commands do what the page says', { timeout: 240_000 }, async () => {
    const [demo, ann] = [service.demo.email, 'ann@example.com']
    const codes = [demo, ann]
    const typed = (block: string) =>
      block
        .replace('CODE=ABCD-EFGH', () => {
          const file = join(root, `code-of-${codes.shift()}`)
          return `CODE=$(until cat ${file} 2>/dev/null; do sleep 0.2; done)`
        })
        // The reader waits for the next code of the app.
        .replace(/^(?=.*\/login\/totp ')/m, 'while [ "$(oathtool --totp -b "$SECRET")" = "$CODE" ]; do sleep 1; done\n')
    const script = COMMANDS.map(typed).join(`\necho; echo '${CUT}'\n`)
    const running = launch(
      'bash',
      ['-euo', 'pipefail', '-c', script.replaceAll('http://localhost:8787', service.url)],
      {
        cwd: root,
      },
    )
    for (const to of [demo, ann]) writeFileSync(join(root, `code-of-${to}`), await mailedCode(to, running))
    const code = await running.exited
    expect({ code, output: running.output() }).toMatchObject({ code: 0 })
    const [, refused, byApp, , , , enrolled, raised, removed] = running.stdout().split(CUT)
    const [shown] = blocks('json').map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(JSON.parse(refused!)).toMatchObject({ ...shown, ticket: expect.stringMatching(/^lkt_/) })
    const tokens = { access_token: expect.any(String), refresh_token: expect.any(String) }
    expect(JSON.parse(byApp!)).toMatchObject(tokens)
    expect(JSON.parse(enrolled!)).toMatchObject({ ...tokens, recovery_codes: expect.any(Array) })
    expect(raised).toMatch(/^HTTP\/1.1 401 /m)
    expect(raised).toMatch(/^WWW-Authenticate: .*acr_values="aal2"/im)
    expect(raised).toContain('"code":"step_up_required"')
    expect(raised!.trim().split('\n').at(-1)).toContain('"payouts":[]')
    expect(removed).toContain('Authenticator app')
    expect((await logIn(service.url, service.demo)).status).toBe(200)
  })

  it.skipIf(withoutChromium())('a passkey is added and signs in, in a browser', async () => {
    const browser = await launchBrowser()
    try {
      const page = await (await browser.newContext()).newPage()
      await plugIn(page)
      const body = blocks('js')[0]!
      await page.route(`${service.url}/passkey.js`, (route) => route.fulfill({ contentType: 'text/javascript', body }))
      await page.goto(`${service.url}/docs`) // of this origin, and asks for nothing
      const signedIn = await page.evaluate(`(async () => {
        const { createClient } = await import('/client/index.js')
        await createClient({ url: location.origin }).login(${JSON.stringify(service.demo)})
        const { addPasskey, signIn } = await import('/passkey.js')
        return [(await addPasskey()).status, (await signIn()).user_id]
      })()`)
      expect(signedIn).toEqual([201, 1_000_000])
    } finally {
      await browser.close()
    }
  })
})
