import { app } from '../../src/app.ts'
import { HEADERS, PAGE_HEADERS } from '../../src/http/headers.ts'
import type { Description } from '../../src/openapi.ts'
import { inOrder } from './descriptions.ts'
import { contractOf } from './document.ts'
import { page } from './page.ts'
import { withoutYours } from './routes.ts'

/**
 * Every file that says the contract, by its name in `public`, with its text.
 * @param ours what the `openapi.ts` files of the features say, in any order
 */
export function contractFiles(ours: readonly Description[]): Record<string, string> {
  const routes = withoutYours(app.routes)
  const contract = contractOf(routes, inOrder(ours, routes))
  return {
    'openapi.json': `${JSON.stringify(contract, null, 1)}\n`,
    'docs.html': page(contract),
    _headers: headers(),
  }
}

/**
 * Files are answered without the Worker, so what it adds to its answers stands here again, but not
 * `no-store`: they are the same for everybody. Pages elsewhere may load the client, and read the document.
 */
function headers(): string {
  const everywhere = [...HEADERS, ...PAGE_HEADERS].map(([name, value]) => `  ${name}: ${value}`)
  const shared = [
    '  Access-Control-Allow-Origin: *',
    '  ! Cross-Origin-Resource-Policy',
    '  Cross-Origin-Resource-Policy: cross-origin',
  ]
  return ['/*', ...everywhere, '/openapi.json', ...shared, '/client/*', ...shared, ''].join('\n')
}
