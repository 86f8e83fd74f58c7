import * as v from 'valibot'
import { emailAddress, newPassword } from '../../core/passwords/credentials.ts'
import { prefilter } from '../../http/prefilter.ts'

/** The input and the rate limit of registration, shared by the JSON route and the form. */
export const registering = {
  limit: prefilter('register'),
  input: v.object({ email: emailAddress, password: newPassword }),
}
