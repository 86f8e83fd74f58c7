import * as v from 'valibot'
import { type Chapter, type Held, type Pages, seconds, text, tokens, tokensExample } from '../../openapi.ts'

const ticket = 'lkt_example'

export const chapter: Chapter = {
  title: { en: 'Codes by mail', ko: '이메일 인증 코드' },
  operations: {
    'POST /user/login/code': {
      summary: { en: 'Ask for a code by mail', ko: '이메일 인증 코드 요청' },
      description: {
        en:
          'The code is mailed if there is an account; the answer is the same if there is none. It works for ten minutes, ' +
          'and only with this `ticket`. With the `ticket` of an earlier step instead of an address, the code goes to its user.',
        ko:
          '계정이 있으면 코드를 메일로 보냅니다. 계정이 없어도 응답은 같습니다. 코드는 10분 동안, 이 `ticket`과 함께 보낼 때만 ' +
          '유효합니다. 주소 대신 이전 단계의 `ticket`을 보내면 그 사용자의 주소로 코드를 보냅니다.',
      },
      body: { email: 'ann@example.com' },
      answers: {
        202: {
          description: 'The same whether or not the address has an account.',
          schema: v.strictObject({ ticket: text, expires_in: seconds }),
          example: { ticket, expires_in: 600 },
        },
      },
      problems: ['invalid_ticket', 'not_found'],
    },
    'POST /user/login/code/verify': {
      summary: { en: 'Sign in with a mailed code', ko: '이메일 인증 코드로 로그인' },
      description: {
        en:
          'Case, blanks and dashes do not matter. A code can be guessed five times. A right code confirms the address. If ' +
          'nobody had confirmed it before, the password and everything else that was set is removed.',
        ko:
          '대소문자, 공백, 하이픈은 구분하지 않습니다. 코드는 다섯 번까지만 입력해 볼 수 있습니다. 코드가 맞으면 주소 인증까지 ' +
          '끝납니다. 아직 인증되지 않은 계정이었다면 이미 설정된 비밀번호와 그 밖의 것을 모두 지웁니다.',
      },
      body: { ticket, code: 'ABCD-EFGH' },
      answers: {
        200: {
          description: 'Signed in.',
          schema: v.strictObject({ ...tokens, device_token: v.optional(text) }),
          example: { ...tokensExample, device_token: 'lkd_example' },
        },
      },
      problems: [
        'invalid_code',
        'invalid_ticket',
        'second_factor_required',
        'second_factor_enrolment_required',
        'too_many_attempts',
      ],
    },
  },
}

export const pages: Pages = {
  'GET /login/code': { answer: { en: '200: the form that asks for a code', ko: '200: 인증 코드 요청 폼' } },
  'POST /login/code': {
    answer: {
      en: '303 to `/login/code/verify`, the same whether there is an account or not; else the form again',
      ko: '`/login/code/verify`로 303, 계정이 없어도 동일. 입력이 잘못되었으면 폼을 다시 표시',
    },
  },
  'GET /login/code/verify': {
    answer: {
      en: '200: the form for the code; for a mailed link, a button in the browser that asked for the code, and elsewhere the code',
      ko: '200: 인증 코드 입력 폼. 메일의 링크로 열면 코드를 요청한 브라우저에는 버튼, 다른 브라우저에는 코드를 표시',
    },
  },
  'POST /login/code/verify': {
    answer: {
      en: '303 to the page to return to; else the form again',
      ko: '돌아갈 페이지로 303. 실패하면 폼을 다시 표시',
    },
  },
}

export const held: Held = {
  login_codes: {
    schema: v.array(v.strictObject({ email: text, until: seconds })),
    example: [{ email: 'ann@example.com', until: 1_800_000_600 }],
  },
}
