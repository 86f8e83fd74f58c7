import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'

/* The input and the rate limit of each use-case. */

export const switching = { limit: prefilter('confirm'), input: v.object({ on: v.boolean() }) }
