import { describe, expect, it } from 'vitest'
import headers from '../public/_headers?raw'
import docs from '../public/docs.html?raw'
import openapi from '../public/openapi.json?raw'
import { chapters } from '../scripts/openapi/chapters.ts'
import { contractOf } from '../scripts/openapi/document.ts'
import { contractFiles } from '../scripts/openapi/files.ts'
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
