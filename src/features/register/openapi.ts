import { accepted, type Chapter, type Pages } from '../../openapi.ts'

export const chapter: Chapter = {
  title: { en: 'Registering', ko: '회원가입' },
  operations: {
    'POST /user/register': {
      summary: { en: 'Register an address', ko: '회원가입' },
      description: {
        en: 'A new address gets a link that confirms it. The owner of a known one is told. The answer is the same for both.',
        ko: '처음 가입하는 주소에는 인증 링크를, 이미 가입된 주소에는 이미 가입되어 있다는 안내를 메일로 보냅니다. 응답은 어느 쪽이든 같습니다.',
      },
      body: { email: 'ann@example.com', password: 'correct horse battery' },
      answers: { 202: accepted },
      problems: ['registration_closed', 'overloaded'],
    },
  },
}

export const pages: Pages = {
  'GET /register': {
    answer: {
      en: '200: the form for a new account, or what to do after it',
      ko: '200: 회원가입 폼, 제출한 뒤에는 메일 확인 안내',
    },
  },
  'POST /register': {
    answer: {
      en: '303 to `/register`, which says that a mail is on its way, the same for a known address; else the form again',
      ko: '`/register`로 303, 메일을 보냈다고 안내(이미 가입된 주소도 동일). 입력이 잘못되었으면 폼을 다시 표시',
    },
  },
}
