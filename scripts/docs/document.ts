import type { Operation } from '../../src/openapi.ts'
import { HEADERS, PROBLEM, SECURITY } from './components.ts'
import type { Contract, Json } from './contract.ts'
import { type Described, requireAll } from './descriptions.ts'
import { refusalsOf, requestId } from './refusals.ts'
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

/**
 * The contract of an app, as OpenAPI 3.1. What the middleware in front of a route says is taken from there, the rest from
 * the descriptions. Hosted pages are only named.
 * @throws Error with every route and page that is not described, and every description that has no route
 */
export function contractOf(entries: readonly RouteEntry[], { chapters, pages }: Described): Contract {
  const routes = routesOf(entries)
  const hosted = Object.keys(pages)
  requireAll([...routes.keys()], [...chapters.flatMap(({ operations }) => Object.keys(operations)), ...hosted])
  const responses: Json = {}
  const paths: Contract['paths'] = {}
  for (const { title, operations } of chapters) {
    for (const [name, operation] of Object.entries(operations)) {
      const route = routes.get(name)!
      const path = (paths[route.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {})
      path[route.method.toLowerCase()] = operationOf(route, operation, title.en, responses)
    }
  }
  return {
    openapi: '3.1.1',
    info: INFO,
    // Relative to the address of the document (OpenAPI 3.1.1 section 4.8.5), so every deployment names itself.
    servers: [{ url: '/', description: 'The service that serves this document.' }],
    tags: chapters.map(({ title }) => ({ name: title.en })),
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      responses: Object.fromEntries(Object.entries(responses).sort(([a], [b]) => (a < b ? -1 : 1))),
      headers: HEADERS,
      securitySchemes: SECURITY,
    },
    'x-hosted-pages': hosted.sort(),
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
    summary: summary.en,
    ...(description !== undefined && { description: description.en }),
    ...(route.guard !== undefined && { 'x-guard': route.guard }),
    ...(security && { security }),
    ...(parameters.length > 0 && { parameters }),
    ...(schema && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(schema), example: body } } },
    }),
    ...(operation.form && {
      requestBody: {
        required: true,
        content: { 'application/x-www-form-urlencoded': { schema: schemaOf(operation.form) } },
      },
    }),
    responses: together(answersOf(operation), refusalsOf(route, operation, responses), responses),
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
    schema: { type: 'string' },
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

/** All answers. If a status stands for an answer of the route's own and for a problem, it has both contents. */
function together(answers: Json, refusals: Json, shared: Json): Json {
  const both = Object.keys(answers).filter((status) => status in refusals)
  const merged = both.map((status) => {
    const own = answers[status] as Json
    const problem = shared[(refusals[status] as { $ref: string }).$ref.split('/').at(-1)!] as Json
    const description = [own['description'], problem['description']].join('\n\n')
    return [
      status,
      { ...problem, description, content: { ...(own['content'] as Json), ...(problem['content'] as Json) } },
    ]
  })
  return { ...answers, ...refusals, ...Object.fromEntries(merged) }
}

const answersOf = ({ answers }: Operation): Json =>
  Object.fromEntries(
    Object.entries(answers).map(([status, { description, schema, example, type = 'application/json' }]) => [
      status,
      {
        description,
        headers: requestId,
        ...(schema && { content: { [type]: { schema: schemaOf(schema), example } } }),
      },
    ]),
  )
