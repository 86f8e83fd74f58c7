import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'
import { plainCode } from './codes.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

/** The digits of a code, however they are typed. */
export const code = v.pipe(
  v.string(),
  v.nonEmpty('required'),
  v.maxLength(64, 'too_long'),
  v.transform(plainCode),
  v.regex(/^\d{6}$/, 'malformed'),
)

const ticket = v.string()

export const signingIn = { limit: prefilter('login'), input: v.object({ ticket, code }) }

export const enrollingInSignIn = { limit: prefilter('login'), input: v.object({ ticket }) }

export const confirmingInSignIn = { limit: prefilter('login'), input: v.object({ ticket, code }) }

export const beginning = { limit: prefilter('confirm') }

export const confirming = { limit: prefilter('confirm'), input: v.object({ code }) }

export const removing = { limit: prefilter('confirm') }

/** The forms name the field of the code like the input of `POST /user/reauth`. */
export const forms = {
  signingIn: { limit: signingIn.limit, input: v.object({ ticket, totp: code }) },
  enrolling: enrollingInSignIn,
  beginning,
  confirming: { limit: confirming.limit, input: v.object({ totp: code }) },
  removing,
}
