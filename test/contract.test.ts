import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import headers from '../public/_headers?raw'
import docs from '../public/docs.html?raw'
import openapi from '../public/openapi.json?raw'
import requests from '../requests.http?raw'
import { inOrder } from '../scripts/docs/descriptions.ts'
import { contractOf } from '../scripts/docs/document.ts'
import { contractFiles } from '../scripts/docs/files.ts'
import { routesOf, withoutYours } from '../scripts/docs/routes.ts'
import { app } from '../src/app.ts'
import { ours } from './descriptions.ts'

const routes = withoutYours(app.routes)
const described = inOrder(ours, routes)
const sources = import.meta.glob('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true })

describe('the contract', () => {
  it('is what `npm run docs` writes from the routes of today', () => {
    expect(contractFiles(ours)).toEqual({ 'openapi.json': openapi, 'docs.html': docs, _headers: headers })
  })

  it('cannot be written while a route is not described', () => {
    const undescribed = [...routes, { method: 'GET', path: '/user/new', handler: () => {} }]
    expect(() => contractOf(undescribed, described)).toThrow(/GET \/user\/new is in no openapi\.ts/)
  })

  it('cannot be written while a page is not described', () => {
    const { 'GET /verify': _, ...pages } = described.pages
    expect(() => contractOf(routes, { ...described, pages })).toThrow(/GET \/verify is in no openapi\.ts/)
  })

  it('cannot be written while it describes a route that is not there', () => {
    const fewer = routes.filter(({ path }) => path !== '/user/me')
    expect(() => contractOf(fewer, described)).toThrow(/DELETE \/user\/me is described, but/)
  })

  it('has its chapters in the order of the app', () => {
    const shuffled = ours.toReversed()
    expect(inOrder(shuffled, routes).chapters.map(({ title }) => title.en)).toEqual(
      inOrder(ours, routes).chapters.map(({ title }) => title.en),
    )
    expect(described.chapters[0]).toMatchObject({ operations: { 'GET /health': {} } })
  })

  it('is described in files that the Worker does not carry', () => {
    const carried = Object.entries(sources).filter(([path]) => !/openapi[\w-]*\.ts$/.test(path))
    const importing = carried.filter(([, text]) => /^(import|export) (?!type).*openapi[\w-]*\.ts'$/m.test(text))
    expect(importing.map(([path]) => path)).toEqual([])
    expect(carried.length).toBeGreaterThan(100)
  })
})

describe('requests.http', () => {
  const routes = routesOf(app.routes)
  /** Each request: its line, its headers, and its body after an empty line. */
  const list = requests
    .split(/^###.*$/m)
    .map((part) => /^([A-Z]+ )\{\{host\}\}(\S+)\n((?:.+\n)*)(?:\n([\s\S]+))?/m.exec(part))
    .filter((found) => found !== null)
    .map(([, method = '', path = '', headers = '', body]) => ({ name: `${method}${path}`, headers, body }))

  it('is read here as its editor reads it', () => {
    expect(list.length).toBe(requests.match(/\{\{host\}\}/g)!.length)
    expect(list.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'POST /user/login',
        'POST /user/refresh',
        'POST /user/logout',
        'GET /user/me',
        'POST /action',
      ]),
    )
  })

  it.each(list)('$name is a route, with the body and the token that it needs', ({ name, headers, body }) => {
    const route = routes.get(name)
    expect(route).toBeDefined()
    expect(/^Authorization: /m.test(headers)).toBe(route!.guard !== undefined)
    expect(/^Content-Type: application\/json$/m.test(headers)).toBe(route!.schema !== undefined)
    // A placeholder stands for some text; an address must look like one.
    const filled = body?.replaceAll('{{email}}', 'ann@example.com')
    if (route!.schema) v.parse(route!.schema, JSON.parse(filled ?? ''))
    else expect(body?.trim() ?? '').toBe('')
  })
})
