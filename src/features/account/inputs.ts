import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'
import { shownAgain } from '../../signing-in/inputs.ts'

/** The input and the rate limit of account deletion, shared by the JSON route and the form. */
export const deleting = { limit: prefilter('confirm'), input: shownAgain }

/** A name as people write it: no line breaks, and nothing that turns the direction of other text. An empty one is none. */
const name = v.pipe(
  v.string(),
  v.trim(),
  v.regex(/^[^\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]{0,100}$/u, 'malformed'),
  v.transform((text) => (text === '' ? null : text.normalize('NFC'))),
)

/** The input of the JSON route. Null removes the name. */
export const renaming = v.object({ name: v.nullable(name) })

/** The input of the form. */
export const renamingForm = v.object({ name })
