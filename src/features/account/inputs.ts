import { prefilter } from '../../http/prefilter.ts'
import { shownAgain } from '../../signing-in/inputs.ts'

/** The input and the rate limit of account deletion, shared by the JSON route and the form. */
export const deleting = { limit: prefilter('confirm'), input: shownAgain }
