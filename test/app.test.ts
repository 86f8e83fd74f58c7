import { env } from 'cloudflare:workers'
import { createExecutionContext } from 'cloudflare:test'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { appOf, features } from '../src/app.ts'
import type { AppEnv } from '../src/http/app-env.ts'
import { loginRequired } from '../src/http/guard.ts'
import type { Mounted } from '../src/http/registry.ts'
import { pageLoginRequired } from '../src/pages/own-page.tsx'
import { Problem } from '../src/problem.ts'
import { ORIGIN } from './support.ts'

const refused = () => {
  throw new Problem('not_found')
}
const addition = {
  name: 'addition',
  routes: new Hono<AppEnv>()
    .basePath('/addition')
    .get('/', (c) => c.json(c.var.registry.features.length))
    .post('/', refused),
  pages: new Hono<AppEnv>().get('/addition/page', refused).get('/addition/own', pageLoginRequired, refused),
} satisfies Mounted

const early = {
  name: 'early',
  routes: new Hono<AppEnv>().get('/early', (c) => c.json('early')),
  unconfigured: true,
} satisfies Mounted

const { app, registry } = appOf([addition, early, ...features])
const ask = (path: string, method = 'GET', own: Partial<Env> = {}) =>
  Promise.resolve(app.request(ORIGIN + path, { method }, { ...env, ...own }, createExecutionContext()))

describe('a feature beside ours', () => {
  it('answers at its addresses, and is told of every other', async () => {
    const answer = await ask('/addition')
    expect([answer.status, await answer.json()]).toEqual([200, features.length + 2])
    expect(registry.features.map(({ name }) => name)).toContain('addition')
  })

  it('is refused as a program or as a person reads it', async () => {
    const types = [await ask('/addition', 'POST'), await ask('/addition/page')].map(({ status, headers }) => [
      status,
      headers.get('Content-Type'),
    ])
    expect(types).toEqual([
      [404, 'application/problem+json'],
      [404, 'text/html; charset=UTF-8'],
    ])
  })

  it('has pages to which one comes back, if they say so', async () => {
    expect(['/addition/own', '/addition/page'].map(registry.isPage)).toEqual([true, false])
    expect((await ask('/addition/own')).headers.get('Location')).toBe('/login?return_to=/addition/own')
  })

  it('hides nothing of ours where it is mounted last, and a guard of a group at the root covers what it mounts later', async () => {
    const ok = new Hono<AppEnv>().get('/', (c) => c.text('theirs'))
    const group = new Hono<AppEnv>().use(loginRequired)
    const routes = new Hono<AppEnv>().route('/health', ok).route('/open', ok).route('/', group).route('/guarded', ok)
    const { app } = appOf([...features, { name: 'last', routes }])
    const answers = ['/health', '/login', '/open', '/guarded'].map(async (path) => {
      const answer = await app.request(ORIGIN + path, {}, env, createExecutionContext())
      return [path, answer.status, (await answer.text()) === 'theirs']
    })
    expect(await Promise.all(answers)).toEqual([
      ['/health', 200, false],
      ['/login', 200, false],
      ['/open', 200, true],
      ['/guarded', 401, false],
    ])
  })

  it('answers without settings only where it says that it can', async () => {
    const statuses = ['/early', '/addition'].map(
      async (path) => (await ask(path, 'GET', { JWT_SECRET_KEY: '' })).status,
    )
    expect(await Promise.all(statuses)).toEqual([200, 503])
  })
})

describe('the features', () => {
  it('have names of one word, each once', () => {
    const names = features.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z]+$/.test(name))).toEqual([])
  })

  it('are in folders of their names, and every folder is mounted', () => {
    const folders = Object.keys(import.meta.glob('../src/features/*/index.ts')).map((path) => path.split('/')[3]!)
    const names: string[] = features.map(({ name }) => name)
    expect(names.filter((name) => name !== 'pages' && name !== 'yours').sort()).toEqual(folders.sort())
  })
})
