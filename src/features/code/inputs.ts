import * as v from 'valibot'
import { credentials } from '../../core/passwords/credentials.ts'
import { prefilter } from '../../http/prefilter.ts'
import { verification } from './input.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

const { email, device_token } = credentials.entries

/** For an address, or with the ticket of an earlier step for its user. */
export const asking = {
  limit: prefilter('mail'),
  input: v.pipe(
    v.object({ email: v.optional(email), ticket: v.optional(v.string()), device_token }),
    v.forward(
      v.check((asked) => asked.email !== undefined || asked.ticket !== undefined, 'required'),
      ['email'],
    ),
  ),
}

export const verifying = { limit: prefilter('link'), input: verification }

/** The form: its ticket is in the cookie. */
export const entering = v.object({ code: verification.entries.code })
