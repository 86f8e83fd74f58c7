import * as v from 'valibot'
import { fromBase64url } from '../../lib/bytes.ts'
import { parseJson } from '../../lib/json.ts'

const collected = v.object({
  type: v.string(),
  challenge: v.string(),
  origin: v.string(),
  crossOrigin: v.optional(v.boolean()),
  topOrigin: v.optional(v.string()),
})
type ClientData = v.InferOutput<typeof collected>

/**
 * What the browser says of a ceremony (WebAuthn Level 3 section 5.8.1), before its signature is checked. Undefined if it
 * cannot be read, or if the ceremony ran in a frame of another site.
 */
export function unverifiedClientData(encoded: string): ClientData | undefined {
  try {
    const data = v.safeParse(collected, parseJson(fromBase64url(encoded)))
    const isFramed = !data.success || data.output.crossOrigin === true || data.output.topOrigin !== undefined
    return isFramed ? undefined : data.output
  } catch {
    return undefined
  }
}
