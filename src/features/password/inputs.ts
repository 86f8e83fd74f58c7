import * as v from 'valibot'
import { confirmation, credentials, newPassword } from '../../core/passwords/credentials.ts'
import { prefilter } from '../../http/prefilter.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

/** `ticket`: of an earlier step, such as a passkey whose device did not verify its user. */
export const loggingIn = {
  limit: prefilter('login'),
  input: v.object({ ...credentials.entries, ticket: v.optional(v.string()) }),
}

export const forgetting = { limit: prefilter('mail'), input: v.object({ email: credentials.entries.email }) }

export const resetting = { limit: prefilter('link'), input: v.object({ token: v.string(), password: newPassword }) }

export const changing = {
  limit: prefilter('confirm'),
  input: v.object({ current_password: v.optional(confirmation.entries.password), new_password: newPassword }),
}

export const removing = { limit: prefilter('confirm') }
