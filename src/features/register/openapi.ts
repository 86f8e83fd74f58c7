import { accepted, type Chapter } from '../../http/openapi.ts'

export const registerChapter: Chapter = {
  title: 'Registering',
  operations: {
    'POST /user/register': {
      summary: 'Register an address',
      description: 'A new address gets a link that confirms it. The owner of a known one is told.',
      body: { email: 'ann@example.com', password: 'correct horse battery' },
      answers: { 202: accepted },
      problems: ['registration_closed', 'overloaded'],
    },
  },
}
