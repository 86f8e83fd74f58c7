import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as v from 'valibot'
import { type FieldError, Problem } from '../problem.ts'
import { parseJson } from '../lib/json.ts'
import type { AppEnv, Asked } from './app-env.ts'

/** Bytes. The largest body that any route needs is under 2 kB. A password may be as long as a request. */
export const BODY_MAX_BYTES = 16 * 1024

/**
 * `application/json`, or a type that ends in `+json`, with any parameters, as Flask's `request.json` accepts it. A form
 * on another site cannot send either without a preflight; only `text/plain` and the form types need none (Fetch section
 * 2.2.2).
 */
const JSON_TYPE = /^application\/(?:[\w.!#$&^-]+\+)?json[ \t]*(?:;|$)/i

/**
 * The charset parameter has no meaning (RFC 8259 section 11), but a client that names another encoding sends other
 * characters than we would read.
 */
const OTHER_CHARSET = /;[ \t]*charset=(?!["']?(?:utf[-_]?8|(?:us-)?ascii)["']?[ \t]*(?:;|$))/i

/** Windows and some editors write a byte order mark, which JSON does not allow (RFC 8259 section 8.1). */
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/**
 * Reads a JSON body into `c.req.valid('json')`. Members that the schema does not name are dropped. The schema is
 * attached to the handler, so that the contract can be generated from the routes.
 * @throws Problem 415 `unsupported_media_type`, 400 `malformed_json`, 413 `body_too_large`, 422 `invalid_body`
 */
export function body<S extends v.GenericSchema>(
  schema: S,
): MiddlewareHandler<AppEnv, string, { in: { json: v.InferInput<S> }; out: { json: v.InferOutput<S> } }> {
  const read: MiddlewareHandler<AppEnv> = async (c, next) => {
    if (!isJson(c)) throw new Problem('unsupported_media_type')
    const bytes = await bytesOf(c)
    if (bytes.byteLength > BODY_MAX_BYTES) throw new Problem('body_too_large')
    c.req.addValidatedData('json', check(schema, jsonOf(bytes)) as object)
    await next()
  }
  return Object.assign(read, { schema })
}

const limit = bodyLimit({
  maxSize: BODY_MAX_BYTES,
  onError: () => {
    throw new Problem('body_too_large')
  },
})

/**
 * Refuses larger bodies before a route sees them. Looking at a body costs more than all checks of a token, so the
 * absence of a body is read from `Content-Length`. workerd drops that header if `Transfer-Encoding` contradicts it (RFC
 * 9112 section 6.3).
 */
export const limitBody: MiddlewareHandler<AppEnv> = (c, next) =>
  c.req.header('Content-Length') === '0' ? next() : limit(c, next).catch(notArrived)

/** Hono answers each `Error` of a handler, so this one is of reading a body of unknown length, which the client broke off. */
function notArrived(error: unknown): never {
  throw error instanceof Error && !(error instanceof Problem) ? new Problem('malformed_json') : error
}

/**
 * Validates a value against a schema.
 * @throws Problem 422 `invalid_body`, or another code, with a field and a code for each error, never the value
 */
export function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  code: 'invalid_body' | 'invalid_query' = 'invalid_body',
): v.InferOutput<S> {
  const result = v.safeParse(schema, value)
  if (!result.success) throw new Problem(code, { errors: result.issues.map(fieldError) })
  return result.output
}

/** Whether the body is declared as JSON in UTF-8. */
export function isJson(c: Asked): boolean {
  const type = c.req.header('Content-Type') ?? ''
  return JSON_TYPE.test(type) && !OTHER_CHARSET.test(type)
}

/** @throws Problem 400 `malformed_json` */
export function jsonOf(body: ArrayBuffer): unknown {
  const bytes = new Uint8Array(body)
  const start = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0
  try {
    return parseJson(bytes.subarray(start))
  } catch {
    throw new Problem('malformed_json')
  }
}

/**
 * A validation rule of a schema has its code as its message, and may add what it asks for, after a colon. For a wrong type, the
 * code only says that it is wrong.
 */
function fieldError(issue: v.BaseIssue<unknown>): FieldError {
  const field = v.getDotPath(issue) ?? ''
  if (issue.kind === 'validation') {
    const [code = '', detail] = issue.message.split(': ')
    return { field, code, ...(detail !== undefined && { detail }) }
  }
  if (issue.type === 'strict_object' && issue.expected === 'never') return { field, code: 'unknown' }
  return { field, code: issue.input === undefined ? 'required' : 'wrong_type' }
}

/** A body that the client did not finish is not our failure. */
async function bytesOf(c: Asked): Promise<ArrayBuffer> {
  return c.req.arrayBuffer().catch(() => {
    throw new Problem('malformed_json')
  })
}

/**
 * The fields of a form, validated by a schema. A missing field counts as empty, unless it is optional.
 * @throws Problem 422 `invalid_body`
 */
export const typed = <S extends v.ObjectSchema<v.ObjectEntries, undefined>>(
  schema: S,
  fields: URLSearchParams,
): v.InferOutput<S> =>
  check(
    schema,
    Object.fromEntries(
      Object.entries(schema.entries).map(([name, { type }]) => [
        name,
        fields.get(name) ?? (type === 'optional' ? undefined : ''),
      ]),
    ),
  )

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/**
 * The fields of a form posted by one of our pages. Bytes that are not UTF-8 are decoded as U+FFFD, which would make two
 * different passwords equal, so they are refused. So are repeated fields, which none of our pages sends.
 * @throws Problem 415 `unsupported_media_type`, 422 `invalid_body`
 */
export async function form(c: Asked): Promise<URLSearchParams> {
  if (!FORM_TYPE.test(c.req.header('Content-Type') ?? '')) throw new Problem('unsupported_media_type')
  const fields = new URLSearchParams(new TextDecoder().decode(await bytesOf(c)))
  const isOdd = [...fields.values()].some((value) => value.includes('\ufffd'))
  const isRepeated = new Set(fields.keys()).size < fields.size
  if (isOdd || isRepeated) throw new Problem('invalid_body')
  return fields
}
