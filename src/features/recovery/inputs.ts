import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

const [ticket, code] = [v.string(), v.pipe(v.string(), v.trim(), v.nonEmpty('required'), v.maxLength(64, 'too_long'))]

export const signingIn = { limit: prefilter('login'), input: v.object({ ticket, code }) }

export const renewing = { limit: prefilter('confirm') }

/** The field of the form has another name, because the same page may ask for other codes. */
export const forms = {
  signingIn: { limit: signingIn.limit, input: v.object({ ticket, recovery_code: code }) },
  renewing,
}
