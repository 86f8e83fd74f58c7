import { CHANGES, GUESSES, MAILS, ONCE, type Limited } from '../policy.ts'

/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = [
  'GET /cancel', // a form; the mailed token is what counts
  'GET /verify', // a form; the mailed token is what counts
  'GET /verify/again', // a form
  'POST /cancel',
  'POST /user/email/cancel',
  'POST /user/email/resend',
  'POST /user/email/verify',
  'POST /verify',
  'POST /verify/again', // the same as POST /user/email/resend
]

/** Whatever compares a password or sends mail, with its limits. */
export const limited: Limited = {
  'GET /cancel': { network: 'link', account: [ONCE] }, // it reads whether the link still does something
  'GET /verify': { network: 'link', account: [ONCE] }, // it reads what the link is for
  'POST /account/email': { network: 'confirm', account: [GUESSES, CHANGES, MAILS] },
  'POST /cancel': { network: 'link', account: [ONCE] },
  'POST /user/email': { network: 'confirm', account: [GUESSES, CHANGES, MAILS] },
  'POST /user/email/cancel': { network: 'link', account: [ONCE] },
  'POST /user/email/resend': { network: 'mail', account: [MAILS] },
  'POST /user/email/verify': { network: 'link', account: [GUESSES, ONCE] },
  'POST /verify': { network: 'link', account: [GUESSES, ONCE] },
  'POST /verify/again': { network: 'mail', account: [MAILS] },
}
