import { type Chapter, done } from '../../http/openapi.ts'

export const adminChapter: Chapter = {
  title: 'Administration',
  operations: {
    'POST /admin/users/:id/unlock': {
      summary: 'Open what failed attempts have closed',
      params: { id: ['The `user_id`.', '42'] },
      answers: done('The account is open.'),
      problems: ['not_found'],
    },
  },
}
