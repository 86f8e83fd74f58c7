import * as v from 'valibot'

/** More than anybody types, with blanks and dashes. */
const TYPED_MAX_LENGTH = 64

/** A code and the ticket that it was asked for with. */
export const verification = v.object({
  ticket: v.string(),
  code: v.pipe(v.string(), v.nonEmpty('required'), v.maxLength(TYPED_MAX_LENGTH, 'too_long')),
})
