import type { Context } from 'hono'
import { Problem } from '../core/problem.ts'
import type { AppEnv } from './app-env.ts'

/** What a 401 without a better one carries (RFC 9110 section 15.5.2). An error code follows only where a token was sent. */
export const CHALLENGE = 'Bearer realm="latchkey"'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Whatever was thrown, as `application/problem+json` (RFC 9457); what nobody foresaw is a 500 without detail. */
export function answerError(error: unknown, c: Context<AppEnv>): Response {
  const problem = error instanceof Problem ? error : new Problem('internal_error', { cause: error })
  c.set('problem', problem)
  const { status, title, code, errors } = problem
  const headers = { ...(status === 401 && { 'WWW-Authenticate': CHALLENGE }), ...problem.headers }
  const type = `urn:latchkey:problem:${code}`
  const document = { type, title, status, code, request_id: c.var.requestId, ...(errors && { errors }) }
  return c.body(JSON.stringify(document), status, { ...headers, 'Content-Type': 'application/problem+json' })
}

/** 404, or 405 with `Allow` where the path is known and the method is not (RFC 9110 section 15.5.6). */
export function answerUnknown(methodsOf: (path: string) => string[]) {
  return (c: Context<AppEnv>): Response => {
    const allowed = methodsOf(c.req.path)
    const problem =
      allowed.length > 0
        ? new Problem('method_not_allowed', { headers: { Allow: allowed.join(', ') } })
        : new Problem('not_found')
    return answerError(problem, c)
  }
}

type Router = { match(method: string, path: string): [[[unknown, { method: string }], unknown][], ...unknown[]] }

/** The methods that have a handler at a path, as `Allow` lists them; middleware, registered for ALL, is none. */
export function methodsAt(router: Router, path: string): string[] {
  const methods: string[] = METHODS.filter((method) =>
    router.match(method, path)[0].some(([[, route]]) => route.method === method),
  )
  return methods.includes('GET') ? ['HEAD', ...methods] : methods
}
