import { type Limited, ONCE } from '../policy.ts'

/** Applications send people here, whoever they are. */
export const strangers = ['GET /oauth/end-session', 'POST /oauth/end-session']

export const limited: Limited = {
  'GET /oauth/end-session': { network: 'authorize', account: [ONCE] },
  'POST /oauth/end-session': { network: 'authorize', account: [ONCE] },
}
