import {
  alike,
  follow,
  LINK,
  mailed,
  NEW_PASSWORD,
  NEWCOMER,
  onlyNewPasswordOpens,
  opens,
  OWNER,
  PASSWORD,
  unconfirmed,
  withoutMails,
  type Alike,
  type Scenario,
} from '../faults/world.ts'

export const scenarios: (Scenario | Alike)[] = [
  {
    route: 'POST /user/register',
    when: 'with a new address',
    ask: { json: { email: NEWCOMER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '+ user newcomer: newcomer@example.com, unconfirmed, new password',
      '+ link: verify of newcomer to newcomer@example.com, new',
      '+ mail to newcomer@example.com: Confirm your email address',
      '+ audit: registered of newcomer in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ newcomer: mails 1'],
  },
  {
    route: 'POST /user/register',
    when: 'with an address that was never confirmed',
    given: [unconfirmed, mailed('verify')],
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '- user owner: owner@example.com, unconfirmed, old password',
      '+ user owner: owner@example.com, unconfirmed, no password',
      '- link: verify of owner to owner@example.com, given',
      '+ link: reset of owner to owner@example.com, new',
      '+ mail to owner@example.com: Set your password',
      '+ audit: registered (known_email) of owner in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: async () => {
      await follow('/user/password/reset', OWNER, [], { password: NEW_PASSWORD })
      await onlyNewPasswordOpens()
    },
  },
  {
    route: 'POST /user/register',
    when: 'with an address that has an account',
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: [
      '+ mail to owner@example.com: You already have an account',
      '+ audit: registered (known_email) of owner in nothing',
    ],
    asks: ['hash', 'admitMail'],
    remembers: ['+ owner: mails 1'],
    lastly: () => opens(PASSWORD, 200),
  },
  {
    route: 'POST /user/register',
    when: 'with an address that has had its mails of the day',
    given: [unconfirmed, mailed('verify')],
    remembered: withoutMails,
    ask: { json: { email: OWNER, password: NEW_PASSWORD } },
    answers: 202,
    changes: ['+ audit: registered (mail_limit) of nobody in nothing'],
    asks: ['hash', 'admitMail'],
    lastly: () => follow('/user/email/verify', OWNER, [LINK]),
  },
  alike('POST /user/register', 'POST /register', { form: { email: NEWCOMER, password: NEW_PASSWORD } }),
]

/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /register': '/register',
}
