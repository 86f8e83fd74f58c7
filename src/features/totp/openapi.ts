import * as v from 'valibot'
import {
  type Chapter,
  done,
  type Held,
  type Pages,
  recoveryCodes,
  recoveryCodesExample,
  seconds,
  signedIn,
  text,
  tokens,
  tokensExample,
} from '../../openapi.ts'

const enrolment = {
  secret: v.pipe(text, v.description('The secret in base32, to be typed into an app.')),
  uri: v.pipe(text, v.description('The same as an `otpauth:` address.')),
  qr: v.pipe(text, v.description('The address as a QR code, an SVG image.')),
}

const enrolmentExample = {
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  uri: 'otpauth://totp/Latchkey:ann%40example.com?issuer=Latchkey&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
  qr: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
}

export const chapter: Chapter = {
  title: { en: 'Authenticator app', ko: '인증 앱' },
  operations: {
    'POST /user/login/totp': {
      summary: { en: 'Sign in with the code of an authenticator app', ko: '인증 앱의 코드로 로그인' },
      description: {
        en:
          'The second step after `second_factor_required`. A code is accepted once, at most 30 seconds early or late, with ' +
          'blanks and fullwidth digits too. Each account has a budget of wrong codes over all its tickets.',
        ko:
          '`second_factor_required` 다음 단계입니다. 코드는 한 번만 쓸 수 있고, 앞뒤로 30초까지 허용합니다. 공백이나 전각 숫자가 섞여도 ' +
          '됩니다. 틀린 코드는 티켓이 여러 장이어도 계정별로 합쳐서 셉니다.',
      },
      body: { ticket: 'lkt_example', code: '492 039' },
      answers: { 200: signedIn },
      problems: [
        'invalid_code',
        'invalid_ticket',
        'second_factor_required',
        'second_factor_enrolment_required',
        'too_many_attempts',
        'not_ready',
      ],
    },
    'POST /user/login/totp/enrol': {
      summary: { en: 'Enrol an authenticator app while signing in', ko: '로그인 중 인증 앱 등록 시작' },
      description: {
        en: 'For a ticket of `second_factor_enrolment_required` that a mailed code was shown with.',
        ko: '`second_factor_enrolment_required`와 함께 받은 티켓으로 이메일 인증 코드까지 확인한 뒤 호출합니다.',
      },
      body: { ticket: 'lkt_example' },
      answers: {
        200: {
          description: 'What the app needs. The ticket is the same.',
          schema: v.strictObject({ ticket: text, ...enrolment }),
          example: { ticket: 'lkt_example', ...enrolmentExample },
        },
      },
      problems: ['invalid_ticket', 'not_ready'],
    },
    'POST /user/login/totp/enrol/confirm': {
      summary: { en: 'Confirm that app, and end the sign-in', ko: '인증 앱 등록을 마치고 로그인' },
      body: { ticket: 'lkt_example', code: '492039' },
      answers: {
        200: {
          description: 'Signed in. The recovery codes are shown only now.',
          schema: v.strictObject({ ...tokens, device_token: v.optional(text), ...recoveryCodes }),
          example: { ...tokensExample, ...recoveryCodesExample },
        },
      },
      problems: ['invalid_code', 'invalid_ticket', 'not_found', 'too_many_attempts', 'not_ready'],
    },
    'POST /user/totp': {
      summary: { en: 'Begin to enrol an authenticator app', ko: '인증 앱 등록 시작' },
      description: {
        en:
          'Nothing asks for its codes until one has confirmed it, within ten minutes. Beginning again replaces the secret. ' +
          'An account has one app: to replace it, remove it first.',
        ko:
          '10분 안에 코드로 확인해야 등록되며, 그 전에는 코드를 요구하지 않습니다. 다시 시작하면 시크릿이 바뀝니다. 인증 앱은 계정마다 하나이므로 ' +
          '바꾸려면 먼저 삭제해야 합니다.',
      },
      answers: {
        201: { description: 'What the app needs.', schema: v.strictObject(enrolment), example: enrolmentExample },
      },
      problems: ['factor_exists', 'second_factors_off', 'not_ready'],
    },
    'POST /user/totp/confirm': {
      summary: { en: 'Confirm the authenticator app with a code', ko: '코드로 인증 앱 등록 완료' },
      description: {
        en: 'From now on every sign-in asks for it. The secret is never shown again.',
        ko: '이제부터 로그인할 때마다 코드를 요구합니다. 시크릿은 다시 보여 주지 않습니다.',
      },
      body: { code: '492039' },
      answers: {
        200: {
          description: 'The recovery codes. Older ones are void.',
          schema: v.strictObject(recoveryCodes),
          example: recoveryCodesExample,
        },
      },
      problems: ['invalid_code', 'not_found', 'too_many_attempts', 'not_ready'],
    },
    'DELETE /user/totp': {
      summary: { en: 'Remove the authenticator app', ko: '인증 앱 삭제' },
      description: {
        en: 'Without another second factor, the account asks for none any more, and its recovery codes are void.',
        ko: '다른 인증 수단이 없으면 2단계 인증이 꺼지고 복구 코드도 무효가 됩니다.',
      },
      answers: done('The app is removed.'),
      problems: ['not_found'],
    },
  },
}

export const pages: Pages = {
  'POST /login/totp': {
    answer: {
      en: '303 to `return_to` if it is allowed, else to `/login`, with a session cookie. After a failure, the form again',
      ko: '허용된 `return_to`, 없으면 `/login`으로 303, 세션 쿠키를 설정. 실패하면 폼을 다시 표시',
    },
  },
  'POST /login/totp/enrol': {
    answer: { en: '200: the QR code, and the form for the first code', ko: '200: QR 코드와 첫 코드를 입력하는 폼' },
  },
  'POST /login/totp/enrol/confirm': {
    answer: {
      en: '200: the recovery codes, with a session cookie. After a failure, the form again',
      ko: '200: 복구 코드, 세션 쿠키를 설정. 실패하면 폼을 다시 표시',
    },
  },
  'POST /account/totp': {
    needs: 'login',
    answer: {
      en: '200: the QR code, and the form for the first code. 303 to `/account/confirm` if the session is not fresh',
      ko: '200: QR 코드와 첫 코드를 입력하는 폼. 재인증이 필요하면 `/account/confirm`으로 303',
    },
  },
  'POST /account/totp/confirm': {
    needs: 'login',
    answer: {
      en: '200: the recovery codes. After a failure, the form again',
      ko: '200: 복구 코드. 실패하면 폼을 다시 표시',
    },
  },
  'POST /account/totp/remove': {
    needs: 'login',
    answer: { en: '303 to `/account/security`; the app is removed', ko: '`/account/security`로 303, 인증 앱을 삭제' },
  },
}

export const held: Held = {
  totp: {
    schema: v.array(
      v.strictObject({ created_at: seconds, confirmed_at: v.nullable(seconds), last_used_at: v.nullable(seconds) }),
    ),
    example: [{ created_at: 1_767_225_600, confirmed_at: 1_767_225_660, last_used_at: null }],
  },
}
