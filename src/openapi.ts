import * as v from 'valibot'
import type { ProblemCode } from './problem.ts'

/**
 * How a feature describes its routes and pages, in its own `openapi.ts`. `npm run docs` generates the contract and the
 * tables of the documents from it. The Worker imports no file of this name, so these texts are not in the bundle.
 */

/** A text in the two languages of the documents, as Markdown on one line. */
export type Text = { en: string; ko: string }

/** The successful response of a route. Without a schema there is no body. The contract is in English only. */
export type Answer = {
  description: string
  schema?: v.GenericSchema
  example?: unknown
  /** The media type, if it is not JSON. */
  type?: string
  /** The response also contains what the features hold about a person. Its schema is an object. */
  holdings?: true
}

/**
 * What cannot be read from the routes. The schema of the body, the guard and its errors, the limits and the settings
 * are read from the middleware. `problems` are the codes that the handler itself adds.
 */
export type Operation = {
  /** In a few words, without a full stop. */
  summary: Text
  /** More that a caller should know, in full sentences. */
  description?: Text
  /** An example of the body. Required if the route reads one. */
  body?: unknown
  /** The body, if the handler reads a form by itself. */
  form?: v.GenericSchema
  /** Each path parameter, with a description and an example. */
  params?: Record<string, [description: string, example: string]>
  /** Only if the handler reads the query itself. */
  query?: v.GenericSchema
  /** A credential other than an access token. */
  security?: 'feedSecret'
  answers: Record<number, Answer>
  problems?: ProblemCode[]
}

/** The JSON routes of a feature, by method and path as Hono spells them: `POST /user/login`. */
export type Chapter = { title: Text; operations: Record<string, Operation> }

/**
 * One request of the hosted pages: which cookie it needs, and its response. A `POST` sends a form from this site; with
 * `anywhere`, also from another one.
 */
export type Page = { needs?: 'login' | 'support' | 'admin' | 'fresh admin'; anywhere?: true; answer: Text }

/** The hosted pages of a feature, by method and path. */
export type Pages = Record<string, Page>

/** What a feature holds about a person, as shown in the export. */
export type Held = Record<string, { schema: v.GenericSchema; example: unknown }>

/** What an `openapi.ts` exports: `chapter` for JSON routes, `pages` for hosted pages, and `held` for the export. */
export type Description = { chapter?: Chapter; pages?: Pages; held?: Held }

export const text = v.string()
export const nullable = v.nullable(v.string())
/** Whole seconds since 1970. */
export const seconds = v.pipe(v.number(), v.integer(), v.minValue(0))
export const userId = v.pipe(v.number(), v.integer(), v.minValue(1))

export const tokens = {
  access_token: v.pipe(v.string(), v.description('A JWT. Send it as `Authorization: Bearer <token>`.')),
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

/** Recovery codes, as they are shown once. */
export const recoveryCodes = {
  recovery_codes: v.pipe(v.array(text), v.description('Ten codes. They are shown once, and each works once.')),
}

export const recoveryCodesExample = { recovery_codes: ['7K3M-X2QD-9RTH-W0VC', 'H5NE-4ZGY-1PJA-8SBF'] }

/** The response that ends a sign-in. */
export const signedIn: Answer = {
  description: 'Signed in.',
  schema: v.strictObject({ ...tokens, device_token: v.optional(text) }),
  example: { ...tokensExample, device_token: 'lkd_example' },
}

/** The response that is the same whether or not there is an account. */
export const accepted: Answer = {
  description: 'The same whether or not the address has an account. A mail says the rest.',
  schema: v.strictObject({ status: v.literal('accepted') }),
  example: { status: 'accepted' },
}

export const done = (description: string): Record<204, Answer> => ({ 204: { description } })

/** The problems of every route that checks the password of a signed-in user. */
export const passwordProblems = [
  'invalid_credentials',
  'account_disabled',
  'email_not_verified',
  'too_many_attempts',
  'overloaded',
] as const satisfies ProblemCode[]

/** The problems of every route that takes any method of a signed-in user. */
export const confirmProblems = [...passwordProblems, 'invalid_code', 'invalid_ticket'] as const satisfies ProblemCode[]

/** The same for changes, which an account without a password may make after a recent sign-in. */
export const changeProblems = [...confirmProblems, 'fresh_login_required'] as const satisfies ProblemCode[]
