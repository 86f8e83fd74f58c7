import type { Chapter } from '../../src/http/openapi.ts'
import { HEADERS } from '../../src/http/headers.ts'
import { type Contract, contractOf } from './document.ts'
import { page } from './page.ts'
import type { RouteEntry } from './routes.ts'

type App = { routes: readonly RouteEntry[] }

/** Every file that says the contract, by its name in `public`, with its text. */
export function filesOf(app: App, pages: App, chapters: readonly Chapter[]): Record<string, string> {
  const contract: Contract = contractOf(app.routes, pages.routes, chapters)
  return {
    'openapi.json': `${JSON.stringify(contract, null, 1)}\n`,
    'docs.html': page(contract),
    _headers: headers(),
  }
}

/**
 * Files are answered without the Worker, so what it adds to its answers stands here again, but for `no-store`: they
 * are the same for everybody. Pages elsewhere may load the client, and read the document.
 */
function headers(): string {
  const everywhere = HEADERS.filter(([name]) => name !== 'Cache-Control').map(([name, value]) => `  ${name}: ${value}`)
  const shared = ['  Access-Control-Allow-Origin: *', '  ! Cross-Origin-Resource-Policy', '  Cross-Origin-Resource-Policy: cross-origin']
  return ['/*', ...everywhere, '/openapi.json', ...shared, '/client/*', ...shared, ''].join('\n')
}
