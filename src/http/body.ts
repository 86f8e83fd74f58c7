import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as v from 'valibot'
import { type FieldError, Problem } from '../core/problem.ts'
import { parseJson } from '../lib/json.ts'
import type { AppEnv, Asked } from './app-env.ts'

/** Bytes. The largest body that any route needs is under 2 kB; a password may be as long as a request. */
export const BODY_MAX_BYTES = 16 * 1024

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i

/**
 * Reads a JSON body into `c.req.valid('json')`. Members that the schema does not name are dropped. The schema goes with
 * the handler, so that the contract can be written from the routes.
 * @throws Problem 415 `unsupported_media_type`, 400 `malformed_json`, 413 `body_too_large`, 422 `invalid_body`
 */
export function body<S extends v.GenericSchema>(
  schema: S,
): MiddlewareHandler<AppEnv, string, { in: { json: v.InferInput<S> }; out: { json: v.InferOutput<S> } }> {
  const read: MiddlewareHandler<AppEnv> = async (c, next) => {
    if (!JSON_TYPE.test(c.req.header('Content-Type') ?? '')) throw new Problem('unsupported_media_type')
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
 * Stops larger bodies before a route sees them. To look at a body costs more than all checks of a token do, so that there is
 * none is taken from a header, which workerd drops where `Transfer-Encoding` says otherwise (RFC 9112 section 6.3).
 */
export const limitBody: MiddlewareHandler<AppEnv> = (c, next) =>
  c.req.header('Content-Length') === '0' ? next() : limit(c, next)

/**
 * A value of the schema's type.
 * @throws Problem 422 `invalid_body`, or another code, with a field and a code for each thing that is wrong, never the
 * value
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

function jsonOf(bytes: ArrayBuffer): unknown {
  try {
    return parseJson(new Uint8Array(bytes))
  } catch {
    throw new Problem('malformed_json')
  }
}

/** A schema's own rules carry their code as their message; of a wrong type, only that it is wrong is said. */
function fieldError(issue: v.BaseIssue<unknown>): FieldError {
  const field = v.getDotPath(issue) ?? ''
  if (issue.kind === 'validation') return { field, code: issue.message }
  if (issue.type === 'strict_object' && issue.expected === 'never') return { field, code: 'unknown' }
  return { field, code: issue.input === undefined ? 'required' : 'wrong_type' }
}

/** A body that its sender did not finish is not our failure. */
async function bytesOf(c: Asked): Promise<ArrayBuffer> {
  return c.req.arrayBuffer().catch(() => {
    throw new Problem('malformed_json')
  })
}

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/**
 * The fields of a form that a page of ours posted. What was no UTF-8 comes out of the decoder as U+FFFD, and two
 * different passwords would be one: it is refused.
 * @throws Problem 415 `unsupported_media_type`, 422 `invalid_body`
 */
export async function form(c: Asked): Promise<URLSearchParams> {
  if (!FORM_TYPE.test(c.req.header('Content-Type') ?? '')) throw new Problem('unsupported_media_type')
  const fields = new URLSearchParams(new TextDecoder().decode(await bytesOf(c)))
  if ([...fields.values()].some((value) => value.includes('\ufffd'))) throw new Problem('invalid_body')
  return fields
}
