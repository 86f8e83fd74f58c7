import type { Operation } from '../../src/openapi.ts'
import { type ProblemCode, problems } from '../../src/problem.ts'
import type { Json } from './contract.ts'
import type { Route } from './routes.ts'

/** Every answer names its request. */
export const requestId = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }

/** The refusals of a route, by status. Routes that refuse alike share one component. */
export function refusalsOf(route: Route, { problems: own = [] }: Operation, responses: Json): Json {
  const codes = [...new Set([...route.problems, ...own])].sort()
  const byStatus = Map.groupBy(codes, (code) => problems[code][0])
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => {
      const name = list.join('.')
      responses[name] ??= refusal(status, list)
      return [status, { $ref: `#/components/responses/${name}` }]
    }),
  )
}

function refusal(status: number, codes: ProblemCode[]): Json {
  const more = status === 401 ? ['WWW-Authenticate'] : status === 429 || status === 503 ? ['Retry-After'] : []
  const examples = codes.map((code) => [code, { value: exampleOf(code) }] as const)
  return {
    description: codes.map((code) => `\`${code}\`: ${problems[code][1]}`).join('\n\n'),
    headers: {
      ...requestId,
      ...Object.fromEntries(more.map((name) => [name, { $ref: `#/components/headers/${name}` }])),
    },
    content: {
      'application/problem+json': {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }],
          properties: { status: { const: status }, code: { enum: codes } },
        },
        examples: Object.fromEntries(examples),
      },
    },
  }
}

const FIELDS: Partial<Record<ProblemCode, Json>> = {
  invalid_body: { field: 'password', code: 'required' },
  invalid_query: { field: 'limit', code: 'malformed' },
  not_ready: { field: 'JWT_SECRET_KEY', code: 'missing' },
}

function exampleOf(code: ProblemCode): Json {
  const [status, title] = problems[code]
  const request_id = 'ba4562e8-d663-4d64-bbc3-5460276d2e89'
  const field = FIELDS[code]
  return { type: `urn:latchkey:problem:${code}`, title, status, code, request_id, ...(field && { errors: [field] }) }
}
