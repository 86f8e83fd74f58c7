import { prefilter } from '../../http/prefilter.ts'

/* The rate limit of each endpoint. Behind the last three, the client or its session is counted, too, once it is known. */

export const authorizing = { limit: prefilter('authorize') }
export const exchanging = { limit: prefilter('token') }
export const informing = { limit: prefilter('userinfo') }
export const revoking = { limit: prefilter('revoke') }
