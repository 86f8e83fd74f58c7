import { type ProblemCode, problems } from '../../src/core/problem.ts'
import { SESSION_COOKIE } from '../../src/http/cookie.ts'
import type { Chapter, Operation } from '../../src/http/openapi.ts'
import type { Contract, Json } from './contract.ts'
import { type Route, type RouteEntry, routesOf } from './routes.ts'
import { schemaOf } from './schema.ts'

const INFO = {
  title: 'Latchkey',
  version: '0.1.0',
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'Sign-in that you own. JSON in and out; every refusal is `application/problem+json` (RFC 9457) with a `code` from a ' +
    'closed list. A path that is not here answers 404 `not_found`, a method that a path does not take 405 ' +
    '`method_not_allowed` with `Allow`.',
}

const SECURITY = {
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The `access_token` of a login.' },
  bareToken: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'The same token without `Bearer`, for clients of the Flask tutorial.',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description:
      'Set by the hosted login page. Requests other than GET and HEAD must come from the pages of this site.',
  },
  feedSecret: { type: 'http', scheme: 'bearer', description: 'The setting `REVOCATION_FEED_SECRET`.' },
}

const header = (description: string) => ({ description, schema: { type: 'string' } })
const HEADERS = {
  'X-Request-Id': header('Also in the audit trail and in the log.'),
  'WWW-Authenticate': header('The challenge of RFC 6750 or RFC 9470.'),
  'Retry-After': header('Seconds.'),
}

const string = { type: 'string' }

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457. `code` is what a program should look at; `errors` names fields or settings, never a value.',
  additionalProperties: false,
  required: ['type', 'title', 'status', 'code', 'request_id'],
  properties: {
    type: { type: 'string', pattern: '^urn:latchkey:problem:[a-z_]+$' },
    title: string,
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems) },
    request_id: string,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['field', 'code'],
        properties: { field: string, code: string },
      },
    },
  },
}

/**
 * The contract of an app, as OpenAPI 3.1. What the middleware in front of a route says is taken from there, the rest from
 * the chapters. Hosted pages are only named.
 * @throws Error with every route that no chapter describes, and every description that has no route
 */
export function contractOf(
  entries: readonly RouteEntry[],
  pageEntries: readonly RouteEntry[],
  chapters: readonly Chapter[],
): Contract {
  const pages = new Set(routesOf(pageEntries).keys())
  const routes = new Map([...routesOf(entries)].filter(([name]) => !pages.has(name)))
  const described = chapters.flatMap(({ operations }) => Object.keys(operations))
  const undescribed = [...routes.keys()].filter((name) => !described.includes(name))
  const unrouted = described.filter((name) => !routes.has(name))
  if (undescribed.length > 0 || unrouted.length > 0) {
    throw new Error(
      [
        ...undescribed.map(
          (name) => `${name} is in no openapi.ts: describe it beside its routes.ts, or in src/action.openapi.ts.`,
        ),
        ...unrouted.map((name) => `${name} is described, but the app has no such route.`),
      ].join('\n'),
    )
  }

  const responses: Json = {}
  const paths: Contract['paths'] = {}
  for (const { title, operations } of chapters) {
    for (const [name, operation] of Object.entries(operations)) {
      const route = routes.get(name)!
      const path = (paths[route.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {})
      path[route.method.toLowerCase()] = operationOf(route, operation, title, responses)
    }
  }
  return {
    openapi: '3.1.1',
    info: INFO,
    tags: chapters.map(({ title }) => ({ name: title })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: Object.fromEntries(Object.entries(responses).sort(([a], [b]) => (a < b ? -1 : 1))),
      headers: HEADERS,
      securitySchemes: SECURITY,
    },
    'x-hosted-pages': [...pages].sort(),
  }
}

function operationOf(route: Route, operation: Operation, tag: string, responses: Json): Json {
  const { method, path, schema } = route
  const { summary, description, body, query = route.query } = operation
  if ((schema === undefined) !== (body === undefined)) {
    throw new Error(`${method} ${path} ${schema ? 'reads a body: give an example of it' : 'reads no body'}.`)
  }
  const parameters = [...pathParameters(path, operation), ...(query ? queryParameters(query) : [])]
  const security = securityOf(route, operation)
  return {
    tags: [tag],
    operationId: `${method.toLowerCase()}${path.replaceAll(/[/:]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(description !== undefined && { description }),
    ...(route.guard !== undefined && { 'x-guard': route.guard }),
    ...(security && { security }),
    ...(parameters.length > 0 && { parameters }),
    ...(schema && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(schema), example: body } } },
    }),
    responses: { ...answersOf(operation), ...refusalsOf(route, operation, responses) },
  }
}

function securityOf({ guard, role }: Route, { security }: Operation): Json[] | undefined {
  if (security) return [{ [security]: [] }]
  if (guard === undefined) return undefined
  return ['accessToken', 'bareToken', 'sessionCookie'].map((scheme) => ({ [scheme]: role === undefined ? [] : [role] }))
}

function pathParameters(path: string, { params = {} }: Operation): Json[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  if (names.join() !== Object.keys(params).join()) throw new Error(`${path}: describe its parameters.`)
  return Object.entries(params).map(([name, [description, example]]) => ({
    name,
    in: 'path',
    required: true,
    description,
    schema: string,
    example,
  }))
}

function queryParameters(query: NonNullable<Route['query']>): Json[] {
  const { properties = {}, required = [] } = schemaOf(query) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema,
  }))
}

const requestId = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }

const answersOf = ({ answers }: Operation): Json =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, example }]) => [
      status,
      {
        description,
        headers: requestId,
        ...(schema && { content: { 'application/json': { schema: schemaOf(schema), example } } }),
      },
    ]),
  )

/** By status. Routes that refuse alike share one component. */
function refusalsOf(route: Route, { problems: own = [] }: Operation, responses: Json): Json {
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
