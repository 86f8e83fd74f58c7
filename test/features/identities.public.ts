import { MAILS, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'GET /login/with', // links, without a look at the database
  'GET /login/with/:provider',
  'GET /login/with/:provider/callback', // the sealed cookie and the state are what counts
  'POST /login/with/:provider/callback', // a redirect to the same address
]

/** Whatever asks a provider, or sends mail, with its limits. */
export const limited: Limited = {
  'GET /login/with/:provider': { network: 'link', account: [ONCE] },
  'GET /login/with/:provider/callback': { network: 'link', account: [MAILS, ONCE] },
  'POST /login/with/:provider/callback': { network: 'link', account: [ONCE] },
  'POST /account/identities/:provider': { network: 'confirm', account: [ONCE] },
  'POST /account/identities/:provider/remove': { network: 'confirm', account: [ONCE] },
  'DELETE /user/identities/:provider': { network: 'confirm', account: [ONCE] },
}
