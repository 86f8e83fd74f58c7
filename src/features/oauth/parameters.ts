import { Refusal } from './refusal.ts'

/** The parameters of a request. Empty ones are as if they were omitted (RFC 6749 section 3.1). */
export type Parameters = {
  /** The value of a parameter that was sent once. */
  get: (name: string) => string | undefined
  /** The names that were sent more than once. Two readers may each take another value. */
  repeated: ReadonlySet<string>
}

export function parametersIn(sent: URLSearchParams): Parameters {
  const given = [...sent].filter(([, value]) => value !== '')
  const names = given.map(([name]) => name)
  const repeated = new Set(names.filter((name, i) => names.indexOf(name) < i))
  const values = new Map(given)
  return { get: (name) => (repeated.has(name) ? undefined : values.get(name)), repeated }
}

/** The same in a body. One that did not arrive is empty: that is no failure of ours. */
export async function parametersInBody(request: { arrayBuffer: () => Promise<ArrayBuffer> }): Promise<Parameters> {
  const body = await request.arrayBuffer().catch(() => new ArrayBuffer())
  return parametersIn(new URLSearchParams(new TextDecoder().decode(body)))
}

const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/**
 * The parameters in the body of a request to one of the endpoints that clients call. Nothing is taken from the address,
 * which logs keep.
 * @throws Refusal `invalid_request`
 */
export async function formParameters(request: {
  url: string
  header: (name: string) => string | undefined
  arrayBuffer: () => Promise<ArrayBuffer>
}): Promise<Parameters> {
  if (new URL(request.url).search !== '') throw new Refusal('invalid_request', 'Send the parameters in the body.')
  if (!FORM_TYPE.test(request.header('Content-Type') ?? ''))
    throw new Refusal('invalid_request', 'The body must be application/x-www-form-urlencoded.')
  const given = await parametersInBody(request)
  if (given.repeated.size > 0) throw new Refusal('invalid_request', 'A parameter is repeated.')
  return given
}
