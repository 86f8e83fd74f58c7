import type { Context } from 'hono'
import { CHALLENGE, type FieldError, Problem } from '../problem.ts'
import type { AppEnv } from './app-env.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/**
 * How a secret is weak would help someone who guesses it. The log and `doctor` name it; strangers get one code for all
 * cases.
 */
const WEAK = new Set(['too_short', 'well_known'])
const withoutWeakness = ({ field, code }: FieldError): FieldError => ({
  field,
  code: WEAK.has(code) ? 'invalid' : code,
})

/** Converts any error to `application/problem+json` (RFC 9457). An unexpected error becomes a 500 without detail. */
export function answerError(error: unknown, c: Context<AppEnv>): Response {
  const problem = error instanceof Problem ? error : new Problem('internal_error', { cause: error })
  c.set('problem', problem)
  const { status, title, code } = problem
  const errors = code === 'not_ready' ? problem.errors?.map(withoutWeakness) : problem.errors
  const headers = { ...(status === 401 && { 'WWW-Authenticate': CHALLENGE }), ...problem.headers }
  const type = `urn:latchkey:problem:${code}`
  const document = {
    type,
    title,
    status,
    code,
    request_id: c.var.requestId,
    ...(errors && { errors }),
    ...problem.members,
  }
  return c.body(JSON.stringify(document), status, { ...headers, 'Content-Type': 'application/problem+json' })
}

/**
 * 404, or 405 with `Allow` if the path exists but not for this method (RFC 9110 section 15.5.6). `answer`: how it is told.
 */
export function answerUnknown(
  methodsOf: (path: string) => string[],
  answer: (problem: Problem, c: Context<AppEnv>) => Response | Promise<Response>,
) {
  return (c: Context<AppEnv>): Response | Promise<Response> => {
    const allowed = methodsOf(c.req.path)
    const problem =
      allowed.length > 0
        ? new Problem('method_not_allowed', { headers: { Allow: allowed.join(', ') } })
        : new Problem('not_found')
    return answer(problem, c)
  }
}

type Router = { match(method: string, path: string): [[[unknown, { method: string }], unknown][], ...unknown[]] }

/**
 * The methods that have a handler at a path, as in `Allow`. Middleware, which is registered for ALL, does not count.
 */
export function methodsAt(router: Router, path: string): string[] {
  const methods: string[] = METHODS.filter((method) =>
    router.match(method, path)[0].some(([[, route]]) => route.method === method),
  )
  return methods.includes('GET') ? ['HEAD', ...methods] : methods
}
