import { accepted, type Chapter, done, passwordProblems } from '../../http/openapi.ts'

export const emailChapter: Chapter = {
  title: 'The email address',
  operations: {
    'POST /user/email/verify': {
      summary: 'Confirm an address with the token of a mailed link',
      description: 'Either of a new account, or of one that moves to another address. Every session ends.',
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA' },
      answers: done('The address is confirmed, or changed.'),
      problems: ['invalid_one_time_token', 'email_taken'],
    },
    'POST /user/email/resend': {
      summary: 'Ask for the confirming link again',
      body: { email: 'ann@example.com' },
      answers: { 202: accepted },
    },
    'POST /user/email': {
      summary: 'Move the account to another address',
      description: 'Nothing changes until the link that is mailed to the new address is opened.',
      body: { email: 'ann@new.example', password: 'correct horse battery' },
      answers: { 202: { ...accepted, description: 'A link is on its way, the same for an address that is taken.' } },
      problems: [...passwordProblems],
    },
  },
}
