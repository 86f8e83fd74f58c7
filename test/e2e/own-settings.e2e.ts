/** The tests have settings of their own: what a developer or a deployment has set decides nothing in them. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshClone, launch, temporaryFolder } from './service.ts'

let root: string
beforeAll(() => {
  root = temporaryFolder()
  freshClone(root)
  execFileSync('git', ['init', '--quiet'], { cwd: root })
  const hostile = {
    LEGACY_TOKENS_UNTIL: '2099-01-01',
    APP_NAME: 'Somebody else',
    REGISTRATION: 'closed',
    MAIL_DRIVER: 'console',
    PUBLIC_URL: 'https://login.somebody.example',
    ALLOWED_RETURN_URLS: 'https://somebody.example/',
    REQUEST_LOG: 'errors',
    WEBHOOK_URL: 'not even a URL',
  }
  const lines = Object.entries(hostile).map(([name, value]) => `${name} = "${value}"\n`)
  writeFileSync(join(root, '.dev.vars'), `JWT_SECRET_KEY=short\n${lines.slice(0, 4).join('')}`)
  writeFileSync(join(root, '.env'), 'APP_COLOR=red\n')
  appendFileSync(join(root, 'wrangler.toml'), `\n[vars]\n${lines.slice(2).join('')}BCRYPT_COST = 99\n`)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const vitest = async (test: string, text: string, ...args: string[]): Promise<void> => {
  writeFileSync(join(root, test), text)
  const running = launch('npx', ['vitest', 'run', ...args, test], { cwd: root })
  const code = await running.exited
  await running.stop()
  expect(code, running.output()).toBe(0)
}

it('inside workerd', async () => {
  await vitest(
    'test/settings.test.ts',
    `import { env } from 'cloudflare:workers'
    import { expect, it } from 'vitest'
    import { config } from '../src/config.ts'
    it('is the same for everybody', () => {
      const own = config(env)
      expect(own).toMatchObject({
        APP_NAME: 'Latchkey', REGISTRATION: 'open', MAIL_DRIVER: 'binding', PUBLIC_URL: 'https://login.example',
        ALLOWED_RETURN_URLS: [], REQUEST_LOG: 'off', BCRYPT_COST: 10,
      })
      for (const name of ['LEGACY_TOKENS_UNTIL', 'WEBHOOK_URL', 'APP_COLOR']) expect(own).not.toHaveProperty(name)
    })`,
  )
})

it('end to end, by npm run dev and by the command line', async () => {
  await vitest(
    'test/e2e/settings.e2e.ts',
    `import { expect, it } from 'vitest'
    import { latchkey } from './cli.ts'
    import { startService } from './service.ts'
    it('is the same for everybody', async () => {
      const service = await startService()
      try {
        expect(await (await fetch(service.url + '/ready')).json()).toEqual({ status: 'ready', warnings: [] })
        expect(await (await fetch(service.url + '/register')).text()).toContain('<title>Create an account – Latchkey</title>')
        const { stdout } = await latchkey(['doctor', '--persist-to', service.persistTo])
        expect(stdout).toMatch(/^ok +settings +are complete$/m)
      } finally {
        await service.stop()
      }
    })`,
    '--config',
    'vitest.e2e.config.ts',
  )
})
