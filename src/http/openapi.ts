import * as v from 'valibot'
import type { ProblemCode } from '../core/problem.ts'

/*
 * How a feature describes its routes for the contract, in an `openapi.ts` beside its `routes.ts`. Only the generator and
 * the tests import these files; the Worker does not carry them.
 */

/** What a route answers when all went well. Without a schema there is no body. */
export type Answer = { description: string; schema?: v.GenericSchema; example?: unknown }

/**
 * What the routes cannot say of themselves. The schema of the body, the guard and its refusals, the limits and the
 * settings are read from the middleware; `problems` are the codes that the handler itself adds.
 */
export type Operation = {
  summary: string
  description?: string
  /** An example of the body; needed where the route reads one. */
  body?: unknown
  /** What each parameter of the path is, with an example. */
  params?: Record<string, [description: string, example: string]>
  /** Only where the handler reads the query by itself. */
  query?: v.GenericSchema
  /** A credential that is no access token. */
  security?: 'feedSecret'
  answers: Record<number, Answer>
  problems?: ProblemCode[]
}

/** By method and path, as Hono spells them: `POST /user/login`. */
export type Chapter = { title: string; operations: Record<string, Operation> }

export const text = v.string()
export const nullable = v.nullable(v.string())
/** Whole seconds since 1970. */
export const seconds = v.pipe(v.number(), v.integer(), v.minValue(0))
export const userId = v.pipe(v.number(), v.integer(), v.minValue(1))

export const tokens = {
  access_token: v.pipe(v.string(), v.description('HS256 JWT. Send it as `Authorization: Bearer <token>`.')),
  token_type: v.literal('Bearer'),
  expires_in: v.pipe(seconds, v.description('Seconds until the access token expires.')),
  refresh_token: v.pipe(v.string(), v.description('For `POST /user/refresh`. Each refresh replaces it.')),
}

export const tokensExample = {
  access_token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ1c2VyX2lkIjo0Mn0.h-9PXaMwvLkyk8kVJKvWbKxoRZ0e8FGrWqL3xcrnJmI',
  token_type: 'Bearer',
  expires_in: 86_400,
  refresh_token: 'lkr_example',
}

/** The answer that is the same whether or not there is an account. */
export const accepted: Answer = {
  description: 'The same whether or not the address has an account. A mail says the rest.',
  schema: v.strictObject({ status: v.literal('accepted') }),
  example: { status: 'accepted' },
}

export const done = (description: string): Record<204, Answer> => ({ 204: { description } })

/** What every route that checks a password of a signed-in person may say. */
export const passwordProblems = [
  'invalid_credentials',
  'account_disabled',
  'email_not_verified',
  'too_many_attempts',
  'overloaded',
] as const satisfies ProblemCode[]

/** As `GET /user/devices` and the export show it. */
export const knownDevice = v.strictObject({
  id: text,
  created_at: seconds,
  used_at: seconds,
  ip: nullable,
  country: nullable,
  user_agent: nullable,
})

export const exampleDevice = {
  id: 'Zk1nq7b0R2mXw4tYv8uJ3A',
  created_at: 1_795_000_000,
  used_at: 1_795_000_000,
  ip: '203.0.113.7',
  country: 'KR',
  user_agent: 'Mozilla/5.0',
}
