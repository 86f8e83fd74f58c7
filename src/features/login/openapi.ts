import * as v from 'valibot'
import { type Chapter, passwordProblems, text, tokens, tokensExample } from '../../http/openapi.ts'

export const loginChapter: Chapter = {
  title: 'Signing in',
  operations: {
    'POST /user/login': {
      summary: 'Sign in with an email and a password',
      description:
        'An unknown address and a wrong password get the same answer. Only a right password learns that the account is ' +
        'disabled or not confirmed. Show the `device_token` at the next login: the device is then not counted with strangers.',
      body: { email: 'ann@example.com', password: 'correct horse battery' },
      answers: {
        200: {
          description: 'Signed in.',
          schema: v.strictObject({ ...tokens, device_token: v.optional(text) }),
          example: { ...tokensExample, device_token: 'lkd_example' },
        },
      },
      problems: [...passwordProblems, 'challenge_required'],
    },
  },
}
