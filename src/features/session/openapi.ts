import * as v from 'valibot'
import {
  type Chapter,
  done,
  nullable,
  passwordProblems,
  seconds,
  text,
  tokens,
  tokensExample,
} from '../../http/openapi.ts'

const renewed = (description: string) => ({
  200: { description, schema: v.strictObject(tokens), example: tokensExample },
})

const listed = v.strictObject({
  id: text,
  created_at: seconds,
  refreshed_at: seconds,
  user_agent: nullable,
  ip: nullable,
  country: nullable,
  current: v.boolean(),
})

export const sessionChapter: Chapter = {
  title: 'Sessions',
  operations: {
    'POST /user/refresh': {
      summary: 'Renew the access token',
      description:
        'The refresh token is replaced. The one before it still works for `REFRESH_GRACE_SECONDS` and leads to the same ' +
        'successor; shown later, it ends the session.',
      body: { refresh_token: 'lkr_example' },
      answers: renewed('New tokens.'),
      problems: ['invalid_refresh_token'],
    },
    'POST /user/reauth': {
      summary: 'Type the password again',
      description: 'The session is fresh for 10 minutes, for routes that need that.',
      body: { password: 'correct horse battery' },
      answers: renewed('New tokens of the same session.'),
      problems: [...passwordProblems],
    },
    'POST /user/logout': {
      summary: 'End this session',
      description: 'A token whose session has ended already gets the same answer.',
      answers: done('The session has ended.'),
    },
    'POST /user/logout/everywhere': {
      summary: 'End every session of the account',
      answers: done('Every session has ended, this one too.'),
    },
    'GET /user/sessions': {
      summary: 'List the sessions of the account',
      answers: {
        200: {
          description: 'The sessions that stand, the newest first; 100 at most.',
          schema: v.strictObject({ sessions: v.array(listed) }),
          example: {
            sessions: [
              {
                id: 'pzp5BybqR60DuoimI7jY7g',
                created_at: 1_795_000_000,
                refreshed_at: 1_795_000_000,
                user_agent: 'Mozilla/5.0',
                ip: '203.0.113.7',
                country: 'KR',
                current: true,
              },
            ],
          },
        },
      },
    },
    'DELETE /user/sessions/:id': {
      summary: 'End another session of the account',
      params: { id: ['The `id` of a listed session.', 'pzp5BybqR60DuoimI7jY7g'] },
      answers: done('That session has ended.'),
      problems: ['not_found'],
    },
  },
}
