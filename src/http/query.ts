import type { MiddlewareHandler } from 'hono'
import * as v from 'valibot'
import { Problem } from '../problem.ts'
import { keyAt } from '../lib/cursor.ts'
import type { AppEnv } from './app-env.ts'
import { check } from './body.ts'

/**
 * Reads the query string into `c.req.valid('query')`. A repeated parameter is refused, because two readers may each
 * take a different one. If the schema is a `strictObject`, an unknown parameter is refused too: a misspelled filter
 * must not return everything.
 * @throws Problem 422 `invalid_query` with a field and a code, never the value
 */
export function query<S extends v.GenericSchema>(
  schema: S,
): MiddlewareHandler<AppEnv, string, { in: { query: v.InferInput<S> }; out: { query: v.InferOutput<S> } }> {
  const read: MiddlewareHandler<AppEnv> = async (c, next) => {
    const given = [...new URL(c.req.url).searchParams]
    const repeated = given.find(([name], i) => given.findIndex(([other]) => other === name) < i)
    if (repeated) throw new Problem('invalid_query', { errors: [{ field: repeated[0], code: 'repeated' }] })
    c.req.addValidatedData('query', check(schema, Object.fromEntries(given), 'invalid_query') as object)
    await next()
  }
  return Object.assign(read, { query: schema })
}

/** A number in a query: digits only, within bounds. */
export const whole = (min: number, max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, 'not_a_number'),
    v.transform(Number),
    v.minValue(min, 'too_small'),
    v.maxValue(max, 'too_large'),
  )

/** The most rows of a page. */
export const pageLimit = v.optional(whole(1, 100), '50')

/** A cursor whose key has this shape. The schema must not transform. */
export const cursor = <T>(key: v.GenericSchema<T>) =>
  v.pipe(
    v.string(),
    v.check((text) => v.is(key, keyAt(text)), 'malformed'),
    v.transform((text) => keyAt(text) as T),
  )
