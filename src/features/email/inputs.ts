import * as v from 'valibot'
import { confirmation, credentials, emailAddress } from '../../core/passwords/credentials.ts'
import { prefilter } from '../../http/prefilter.ts'
import { shownAgain } from '../../signing-in/inputs.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

export const verifying = {
  limit: prefilter('link'),
  input: v.object({ token: v.string(), password: v.optional(confirmation.entries.password) }),
}

export const cancelling = { limit: prefilter('link'), input: v.object({ token: v.string() }) }

export const resending = { limit: prefilter('mail'), input: v.object({ email: credentials.entries.email }) }

export const changing = {
  limit: prefilter('confirm'),
  input: v.object({ ...shownAgain.entries, email: emailAddress }),
}
