import * as v from 'valibot'
import {
  accepted,
  type Chapter,
  done,
  type Pages,
  passwordProblems,
  text,
  tokens,
  tokensExample,
} from '../../openapi.ts'

export const chapter: Chapter = {
  title: { en: 'Passwords', ko: '비밀번호' },
  operations: {
    'POST /user/login': {
      summary: { en: 'Sign in with an email and a password', ko: '이메일과 비밀번호로 로그인' },
      description: {
        en:
          'An unknown address and a wrong password get the same answer. Only a right password learns that the account is ' +
          'disabled or not confirmed. Show the `device_token` at the next login: the device is then not counted with strangers. ' +
          'A `ticket` is needed only after another step of the sign-in.',
        ko:
          '가입되지 않은 주소와 틀린 비밀번호에는 똑같이 응답합니다. 계정이 사용 중지되었거나 이메일이 인증되지 않았다는 사실은 ' +
          '비밀번호가 맞을 때만 알려 줍니다. 다음에 로그인할 때 `device_token`을 함께 보내면 그 기기의 시도 횟수는 처음 보는 ' +
          '기기와 따로 셉니다. `ticket`은 다른 로그인 단계를 먼저 거쳤을 때만 보냅니다.',
      },
      body: { email: 'ann@example.com', password: 'correct horse battery' },
      answers: {
        200: {
          description: 'Signed in.',
          schema: v.strictObject({ ...tokens, device_token: v.optional(text) }),
          example: { ...tokensExample, device_token: 'lkd_example' },
        },
      },
      problems: [
        ...passwordProblems,
        'challenge_required',
        'invalid_ticket',
        'second_factor_required',
        'second_factor_enrolment_required',
      ],
    },
    'POST /user/password/forgot': {
      summary: { en: 'Ask for a link that sets a new password', ko: '비밀번호 재설정 링크 요청' },
      description: {
        en: 'The link is mailed if there is an account; the answer is the same if there is none.',
        ko: '계정이 있으면 링크를 메일로 보냅니다. 계정이 없어도 응답은 같습니다.',
      },
      body: { email: 'ann@example.com' },
      answers: { 202: accepted },
    },
    'POST /user/password/reset': {
      summary: { en: 'Set a password with the token of a mailed link', ko: '메일로 받은 토큰으로 비밀번호 재설정' },
      description: {
        en: 'Every session ends, every lock on the account opens, and its devices and networks are forgotten.',
        ko: '모든 세션을 종료하고, 계정의 잠금을 모두 풀고, 기억해 둔 기기와 네트워크를 지웁니다.',
      },
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA', password: 'correct horse battery' },
      answers: done('The password is set.'),
      problems: ['invalid_one_time_token'],
    },
    'POST /user/password': {
      summary: { en: 'Change the password', ko: '비밀번호 변경' },
      description: {
        en:
          'The other sessions end, and the devices and networks of the account are forgotten. An account without a password ' +
          'sends no `current_password`, and needs a recent sign-in instead.',
        ko:
          '다른 세션을 모두 종료하고, 기억해 둔 기기와 네트워크를 지웁니다. 비밀번호가 없는 계정은 `current_password` 없이 보내며, ' +
          '10분 안에 로그인했거나 본인 확인을 마친 세션이어야 합니다.',
      },
      body: { current_password: 'correct horse battery', new_password: 'another horse battery' },
      answers: done('The password is changed.'),
      problems: [...passwordProblems, 'fresh_login_required'],
    },
    'DELETE /user/password': {
      summary: { en: 'Remove the password', ko: '비밀번호 삭제' },
      description: {
        en:
          'For an account that has another way to sign in, such as a passkey. Every other session ends. Does nothing where ' +
          'there is no password.',
        ko: '패스키처럼 다른 로그인 방법이 있는 계정만 할 수 있습니다. 다른 세션은 모두 종료합니다. 비밀번호가 없는 계정이면 아무것도 하지 않습니다.',
      },
      answers: done('There is no password.'),
      problems: ['last_way_in', 'fresh_login_required', 'invalid_credentials'],
    },
  },
}

export const pages: Pages = {
  'GET /forgot': {
    answer: {
      en: '200: the form that asks for a link, or what to do after it',
      ko: '200: 재설정 링크 요청 폼, 제출한 뒤에는 메일 확인 안내',
    },
  },
  'POST /forgot': {
    answer: {
      en: '303 to `/forgot`, the same whether there is an account or not',
      ko: '`/forgot`으로 303, 계정이 없어도 동일',
    },
  },
  'GET /reset': {
    answer: {
      en: '200: what a mailed link opens, the form for a new password. 400 if the link is void',
      ko: '200: 메일의 링크로 여는 페이지, 새 비밀번호 설정 폼. 무효인 링크는 400',
    },
  },
  'POST /reset': {
    answer: {
      en: '303 to `/login`, which says that the password is set; else the form again',
      ko: '`/login`으로 303, 비밀번호를 재설정했다고 안내. 실패하면 폼을 다시 표시',
    },
  },
  'GET /account/password': {
    needs: 'login',
    answer: { en: '200: the form for another password', ko: '200: 비밀번호 변경 폼' },
  },
  'GET /account/password/remove': {
    needs: 'login',
    answer: {
      en: '200: the form that says what removing the password means',
      ko: '200: 비밀번호를 삭제하면 어떻게 되는지 안내하는 폼',
    },
  },
  'POST /account/password/remove': {
    needs: 'login',
    answer: {
      en: '303 to `/account`; the password is gone, and the other sessions have ended',
      ko: '`/account`로 303, 비밀번호를 삭제하고 다른 세션을 모두 종료',
    },
  },
  'POST /account/password': {
    needs: 'login',
    answer: {
      en: '303 to `/account`; the other sessions have ended',
      ko: '`/account`로 303, 다른 세션을 모두 종료',
    },
  },
}
