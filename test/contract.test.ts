import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import headers from '../public/_headers?raw'
import docs from '../public/docs.html?raw'
import openapi from '../public/openapi.json?raw'
import requests from '../requests.http?raw'
import { chapters } from '../scripts/openapi/chapters.ts'
import { contractOf } from '../scripts/openapi/document.ts'
import { contractFiles } from '../scripts/openapi/files.ts'
import { routesOf } from '../scripts/openapi/routes.ts'
import { app } from '../src/app.ts'
import { pages } from '../src/pages/routes.tsx'

describe('the contract', () => {
  it('is what `npm run openapi` writes from the routes of today', () => {
    expect(contractFiles()).toEqual({ 'openapi.json': openapi, 'docs.html': docs, _headers: headers })
  })

  it('cannot be written while a route is not described', () => {
    const undescribed = [...app.routes, { method: 'GET', path: '/user/new', handler: () => {} }]
    expect(() => contractOf(undescribed, pages.routes, chapters)).toThrow(/GET \/user\/new is in no openapi\.ts/)
  })

  it('cannot be written while it describes a route that is not there', () => {
    const fewer = app.routes.filter(({ path }) => path !== '/user/me')
    expect(() => contractOf(fewer, pages.routes, chapters)).toThrow(/DELETE \/user\/me is described, but/)
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
