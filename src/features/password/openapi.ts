import { accepted, type Chapter, done, passwordProblems } from '../../http/openapi.ts'

export const passwordChapter: Chapter = {
  title: 'Passwords',
  operations: {
    'POST /user/password/forgot': {
      summary: 'Ask for a link that sets a new password',
      body: { email: 'ann@example.com' },
      answers: { 202: accepted },
    },
    'POST /user/password/reset': {
      summary: 'Set a password with the token of a mailed link',
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA', password: 'correct horse battery' },
      answers: done('The password is set, and every session has ended.'),
      problems: ['invalid_one_time_token'],
    },
    'POST /user/password': {
      summary: 'Change the password',
      body: { current_password: 'correct horse battery', new_password: 'another horse battery' },
      answers: done('The password is changed, and the other sessions have ended.'),
      problems: [...passwordProblems],
    },
  },
}
