/** The contract as somebody gets it who only has the URL: the document, the page, and a client that is generated from it. */
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import openapiTS, { astToString } from 'openapi-typescript'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientFiles } from '../../scripts/client.ts'
import { launchBrowser, openPage, screenshot, withoutChromium } from './browser.ts'
import { ROOT, run, type Service, startService } from './service.ts'

let service: Service
beforeAll(async () => void (service = await startService()))
afterAll(() => service?.stop())

const get = (path: string, init: RequestInit = {}) => fetch(service.url + path, { redirect: 'manual', ...init })
const asset = (name: string) => readFileSync(join(ROOT, 'public', name), 'utf8')

describe('what is served as files', () => {
  it('is the document, which is valid OpenAPI 3.1', async () => {
    const answer = await get('/openapi.json')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    expect(answer.headers.get('Access-Control-Allow-Origin')).toBe('*')
    const text = await answer.text()
    expect(text).toBe(asset('openapi.json'))
    const validator = new Validator()
    expect(await validator.validate(text)).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
    const broken = JSON.stringify({ ...(JSON.parse(text) as object), paths: { '/x': { get: { responses: 1 } } } })
    expect((await new Validator().validate(broken)).valid).toBe(false)
  })

  it('is the page, under the headers of every page', async () => {
    const answer = await get('/docs')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('Content-Type')).toMatch(/^text\/html/)
    const { headers } = await get('/login')
    const shared = [...headers].filter(([name]) =>
      /^(content-security|cross-origin|referrer|strict-|x-(?!request))/.test(name),
    )
    expect(shared.length).toBe(7)
    for (const [name, value] of shared) expect([name, answer.headers.get(name)]).toEqual([name, value])
  })

  it('is the client of today', async () => {
    const files = Object.entries(clientFiles())
    expect(files.map(([name]) => name)).toContain('client/index.js')
    for (const [name, text] of files) {
      const answer = await get(`/${name}`)
      expect([name, answer.headers.get('Content-Type'), await answer.text()]).toEqual([
        name,
        expect.stringContaining('javascript'),
        text,
      ])
      expect(answer.headers.get('Cross-Origin-Resource-Policy')).toBe('cross-origin')
    }
  })

  it('leaves the front door to the Worker', async () => {
    const answer = await get('/')
    expect([answer.status, answer.headers.get('Location')]).toEqual([303, '/login'])
  })

  it.each([
    '/nothing',
    '/docs/nothing',
    '/client',
    '/client/',
    '/client/nothing.js',
    '/index.html',
    '/_headers',
    '/public/docs',
  ])('stands in front of nothing: %s is the answer of the Worker', async (path) => {
    const answer = await get(path)
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([404, 'application/problem+json'])
    expect(await answer.json()).toMatchObject({ code: 'not_found' })
  })

  it('leads other spellings of the page to the one, and takes no other method', async () => {
    for (const path of ['/docs/', '/docs.html']) {
      const answer = await get(path)
      expect([answer.status, answer.headers.get('Location')]).toEqual([307, '/docs'])
    }
    expect((await get('/docs', { method: 'POST' })).status).toBeGreaterThanOrEqual(404)
  })
})

describe.skipIf(withoutChromium())('the page in a browser', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launchBrowser()))
  afterAll(() => browser?.close())

  it.each(['light', 'dark'] as const)('reads without script, and without complaint of axe, %s', async (colorScheme) => {
    const [page, complaints] = await openPage(browser, { colorScheme, bypassCSP: true }) // for axe alone
    await page.goto(`${service.url}/docs`)
    await page.getByRole('link', { name: 'POST /user/refresh' }).click()
    expect(await page.getByRole('heading', { name: 'POST /user/refresh' }).isVisible()).toBe(true)
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') })
    const found = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
      return (await axe.run()).violations.map(({ id }) => id)
    })
    expect(found).toEqual([])
    expect(complaints).toEqual([])
    await screenshot(page, `docs-${colorScheme}`)
    await page.context().close()
  })

  it('works under its own policy where scripts are off', async () => {
    const [page, complaints] = await openPage(browser, {
      javaScriptEnabled: false,
      viewport: { width: 360, height: 740 },
    })
    await page.goto(`${service.url}/docs`)
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(operations())
    expect(complaints).toEqual([])
    await screenshot(page, 'docs-phone')
    await page.context().close()
  })

  const operations = () => {
    const { paths } = JSON.parse(asset('openapi.json')) as { paths: Record<string, object> }
    return Object.values(paths).reduce((sum, methods) => sum + Object.keys(methods).length, 0)
  }
})

describe('a client that is generated from the document', () => {
  let folder: string
  beforeAll(async () => {
    await mkdir(join(ROOT, '.wrangler'), { recursive: true }) // beside node_modules; git ignores it
    folder = await mkdtemp(join(ROOT, '.wrangler', 'generated-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const tsc = () => run('npx', ['tsc', '--noEmit', '-p', folder])
  const MAIN = `import createClient from 'openapi-fetch'
import type { paths } from './schema.ts'

const client = createClient<paths>({ baseUrl: process.argv[2]! })
const login = await client.POST('/user/login', { body: { email: process.argv[3]!, password: process.argv[4]! } })
if (!login.data) throw new Error(login.error.code satisfies string)
const headers = { Authorization: 'Bearer ' + login.data.access_token }
const me = await client.GET('/user/me', { headers })
const wrong = await client.POST('/user/login', { body: { email: process.argv[3]!, password: 'wrong' } })
const ended = await client.DELETE('/user/sessions/{id}', { headers, params: { path: { id: 'none' } } })
console.log(JSON.stringify([me.data?.email, wrong.error?.code, ended.error?.code]))
`

  /** The client's own types, which are written by hand. */
  const ALIKE = `import type { Client, PasskeyRequest } from '../../src/client/index.ts'
import type { paths } from './schema.ts'

type Alike<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Gives<Name extends keyof Client> = Client[Name] extends (...given: never[]) => Promise<infer Given> ? Given : never
type Takes<Name extends 'register' | 'verify' | 'reset'> = Parameters<Client[Name]>[0]
type Json<Of> = Of extends { content: { 'application/json': infer Said } } ? Said : never
type Answer<Of> = Of extends { responses: infer All } ? Json<All[(200 | 202) & keyof All]> : never
type Body<Of> = Of extends { requestBody: infer Said } ? Json<Said> : never

export const alike: true[] = [
  true satisfies Alike<Gives<'me'>, Answer<paths['/user/me']['get']>>,
  true satisfies Alike<Gives<'factors'>, Answer<paths['/user/factors']['get']>>,
  true satisfies Alike<Gives<'sessions'>, Answer<paths['/user/sessions']['get']>>,
  true satisfies Alike<Gives<'mailCode'>, Answer<paths['/user/login/code']['post']>>,
  true satisfies Alike<Takes<'register'>, Body<paths['/user/register']['post']>>,
  true satisfies Alike<Takes<'verify'>, Body<paths['/user/email/verify']['post']>>,
  true satisfies Alike<Takes<'reset'>, Body<paths['/user/password/reset']['post']>>,
]
export const request = (answer: Answer<paths['/user/login/passkey/options']['post']>): PasskeyRequest => answer
`

  it('compiles, signs in, and knows the codes', async () => {
    const types = astToString(await openapiTS(new URL(`${service.url}/openapi.json`)))
    await writeFile(join(folder, 'schema.ts'), types)
    await writeFile(join(folder, 'main.ts'), MAIN)
    await writeFile(join(folder, 'alike.ts'), ALIKE)
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.node.json',
        compilerOptions: { types: ['node'] },
        include: ['*.ts'],
        exclude: [],
      }),
    )
    const compiled = await tsc()
    expect(compiled).toMatchObject({ code: 0 })
    const { email, password } = service.demo
    const { stdout, code, output } = await run('npx', ['node', join(folder, 'main.ts'), service.url, email, password])
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(JSON.parse(stdout)).toEqual([email, 'invalid_credentials', 'not_found'])
  })

  it('does not compile where it asks for what is not there', async () => {
    await writeFile(
      join(folder, 'main.ts'),
      MAIN.replace('me.data?.email', 'me.data?.nickname').replace("'/user/me'", "'/user/you'"),
    )
    await writeFile(join(folder, 'alike.ts'), ALIKE.replace("Gives<'me'>", "Gives<'me'> & { nickname: string }"))
    const { code, output } = await tsc()
    expect(code).not.toBe(0)
    expect(output).toMatch(/\/user\/you/)
    expect(output).toMatch(/alike\.ts.*'true' does not satisfy the expected type 'false'/)
  })
})
