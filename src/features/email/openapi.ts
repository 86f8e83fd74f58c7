import * as v from 'valibot'
import { accepted, type Chapter, changeProblems, done, type Pages, seconds, text } from '../../openapi.ts'

export const chapter: Chapter = {
  title: { en: 'The email address', ko: '이메일 주소' },
  operations: {
    'POST /user/email/verify': {
      summary: {
        en: 'Confirm an address with the token of a mailed link',
        ko: '메일로 받은 토큰으로 이메일 인증',
      },
      description: {
        en:
          'Either of a new account, or of one that moves to another address. Every session ends. Send the password that the ' +
          'person types. Without it a new account is confirmed and its password void, so that nobody else knows one; a move ' +
          'is refused with 422, and the link stays good. An account without a password moves if the request is signed in to it.',
        ko:
          '새로 가입한 계정의 주소도, 변경하려는 새 주소도 여기에서 인증합니다. 인증하면 모든 세션이 종료됩니다. 사용자가 입력한 ' +
          '비밀번호를 함께 보냅니다. 비밀번호 없이 보내면 새 계정은 인증되지만 가입할 때 정한 비밀번호는 무효가 됩니다. 다른 사람이 아는 ' +
          '비밀번호를 남기지 않기 위해서입니다. 주소 변경은 422로 거부하며, 링크는 계속 유효합니다. 비밀번호가 없는 계정은 그 계정으로 로그인한 요청이어야 주소가 바뀝니다.',
      },
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA', password: 'correct horse battery' },
      answers: done('The address is confirmed, or changed.'),
      problems: ['invalid_one_time_token', 'invalid_credentials', 'login_required', 'email_taken', 'too_many_attempts'],
    },
    'POST /user/email/cancel': {
      summary: {
        en: 'Cancel a change of address with the token of the notice',
        ko: '알림 메일의 토큰으로 이메일 주소 변경 취소',
      },
      description: {
        en: 'Nothing else changes. Works without signing in, once, as long as the change is pending.',
        ko: '그 밖에는 아무것도 바뀌지 않습니다. 로그인하지 않아도 되며, 새 주소가 인증되기 전에 한 번만 쓸 수 있습니다.',
      },
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA' },
      answers: done('The change is cancelled.'),
      problems: ['invalid_one_time_token'],
    },
    'POST /user/email/resend': {
      summary: { en: 'Ask for the confirming link again', ko: '인증 링크 재발송' },
      description: {
        en: 'The link is mailed if the address waits for one; the answer is the same if it does not.',
        ko: '인증 대기 중인 주소이면 링크를 메일로 다시 보냅니다. 그렇지 않은 주소여도 응답은 같습니다.',
      },
      body: { email: 'ann@example.com' },
      answers: { 202: accepted },
    },
    'POST /user/email': {
      summary: { en: 'Move the account to another address', ko: '이메일 주소 변경' },
      description: {
        en:
          'Nothing changes until the link that is mailed to the new address is opened and confirmed. The answer is the same ' +
          'for an address that is taken. Ten a day, then 429. Takes what `POST /user/reauth` takes; an account without a ' +
          'password needs a recent sign-in instead.',
        ko: '새 주소로 보낸 링크를 열어 인증해야 주소가 바뀝니다. 이미 다른 계정이 쓰는 주소여도 응답은 같습니다. 하루 10번까지 요청할 수 있고, 넘으면 429로 응답합니다. `POST /user/reauth`와 같은 입력을 받으며, 비밀번호가 없는 계정은 10분 안에 로그인한 세션이면 됩니다.',
      },
      body: { email: 'ann@new.example', password: 'correct horse battery' },
      answers: { 202: { ...accepted, description: 'A link is on its way, the same for an address that is taken.' } },
      problems: [...changeProblems],
    },
    'GET /user/email/pending': {
      summary: { en: 'Show the change of address that is pending', ko: '진행 중인 이메일 주소 변경 조회' },
      description: {
        en: 'Null if there is none. It does not say whether somebody else has the address.',
        ko: '없으면 null입니다. 다른 계정이 쓰는 주소인지는 드러나지 않습니다.',
      },
      answers: {
        200: {
          description: 'The new address, and when its link expires.',
          schema: v.strictObject({ pending: v.nullable(v.strictObject({ email: text, expires_at: seconds })) }),
          example: { pending: { email: 'ann@new.example', expires_at: 1_795_003_600 } },
        },
      },
    },
    'DELETE /user/email/pending': {
      summary: { en: 'Cancel the change of address that is pending', ko: '진행 중인 이메일 주소 변경 취소' },
      description: { en: 'The mailed link is void.', ko: '메일로 보낸 링크는 무효가 됩니다.' },
      answers: done('The change is cancelled.'),
      problems: ['not_found'],
    },
  },
}

export const pages: Pages = {
  'GET /verify': {
    answer: {
      en: '200: what a mailed link opens; nothing happens until its form is sent. 400 if the link is void',
      ko: '200: 메일의 링크로 여는 페이지, 폼을 제출하기 전에는 아무것도 바뀌지 않음. 무효인 링크는 400',
    },
  },
  'POST /verify': {
    answer: {
      en: '303 to `/login`, which says that the address is confirmed; else the form, which asks for the password, again',
      ko: '`/login`으로 303, 이메일을 인증했다고 안내. 실패하면 비밀번호를 입력하는 폼을 다시 표시',
    },
  },
  'GET /verify/again': {
    answer: {
      en: '200: what to do after a registration, with a button that sends its link again',
      ko: '200: 회원가입 뒤 메일 확인 안내, 인증 링크를 다시 보내는 버튼 포함',
    },
  },
  'POST /verify/again': {
    answer: {
      en: '303 to `/verify/again`; the link is mailed if the address in the sealed field `sent` waits for one',
      ko: '`/verify/again`으로 303, 암호화된 `sent`의 주소가 인증 대기 중이면 링크를 메일로 보냄',
    },
  },
  'GET /cancel': {
    answer: {
      en: '200: what the link in a notice opens; nothing happens until its form is sent. 400 if the link is void',
      ko: '200: 알림 메일의 링크로 여는 페이지, 폼을 제출하기 전에는 아무것도 바뀌지 않음. 무효인 링크는 400',
    },
  },
  'POST /cancel': {
    answer: {
      en: '303 to `/forgot`, which says that the change of address is cancelled; else the form again',
      ko: '`/forgot`으로 303, 이메일 주소 변경을 취소했다고 안내. 실패하면 폼을 다시 표시',
    },
  },
  'GET /account/email': {
    needs: 'login',
    answer: {
      en: '200: the address, the change that is pending, and the form for another one',
      ko: '200: 현재 주소, 진행 중인 변경, 새 주소를 입력하는 폼',
    },
  },
  'POST /account/email': {
    needs: 'login',
    answer: {
      en: '303 to `/account/email`; the address changes when the link to the new one is opened and confirmed',
      ko: '`/account/email`로 303, 새 주소로 보낸 링크를 열어 인증하면 주소가 바뀜',
    },
  },
  'POST /account/email/cancel': {
    needs: 'login',
    answer: {
      en: '303 to `/account`; the change that was pending is cancelled, its link void',
      ko: '`/account`로 303, 진행 중이던 변경을 취소하고 링크를 무효로 만듦',
    },
  },
}
