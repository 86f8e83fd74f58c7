import { GUESSES, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'GET /.well-known/passkey-endpoints', // two addresses of this site
  'POST /login/passkey',
  'POST /login/passkey/enrol', // the ticket of a sign-in is what counts
  'POST /user/login/passkey',
  'POST /user/login/passkey/enrol', // the ticket of a sign-in is what counts
  'POST /user/login/passkey/enrol/confirm',
  'POST /user/login/passkey/options', // a challenge, without a look at the database
]

/** Whatever compares a passkey, or sends mail, with its limits. */
export const limited: Limited = {
  'POST /login/passkey': { network: 'login', account: [GUESSES, ONCE] },
  'POST /login/passkey/enrol': { network: 'login', account: [ONCE] },
  'POST /user/login/passkey': { network: 'login', account: [GUESSES, ONCE] },
  'POST /user/login/passkey/enrol': { network: 'login', account: [ONCE] },
  'POST /user/login/passkey/enrol/confirm': { network: 'login', account: [ONCE] },
  'POST /user/login/passkey/options': { network: 'challenge', account: [ONCE] },
  'POST /account/passkeys': { network: 'confirm', account: [ONCE] },
  'POST /account/passkeys/:id': { network: 'confirm', account: [ONCE] },
  'POST /user/passkeys': { network: 'confirm', account: [ONCE] },
  'POST /user/passkeys/options': { network: 'confirm', account: [ONCE] },
  'DELETE /user/passkeys/:id': { network: 'confirm', account: [ONCE] },
}
