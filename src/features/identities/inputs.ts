import { prefilter } from '../../http/prefilter.ts'

/* The rate limit of each use-case. */

export const signingIn = { limit: prefilter('link') }

export const linking = { limit: prefilter('confirm') }
