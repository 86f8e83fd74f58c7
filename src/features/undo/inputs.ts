import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'

/* The input and the rate limit, shared by the JSON route and the form. */

export const undoing = { limit: prefilter('link'), input: v.object({ token: v.string() }) }
