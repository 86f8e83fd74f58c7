import * as v from 'valibot'
import { type Chapter, type Pages, recoveryCodes, recoveryCodesExample, signedIn } from '../../openapi.ts'

export const chapter: Chapter = {
  title: { en: 'Recovery codes', ko: '복구 코드' },
  operations: {
    'POST /user/login/recovery': {
      summary: { en: 'Sign in with a recovery code', ko: '복구 코드로 로그인' },
      description: {
        en:
          'In place of a lost second factor, after `second_factor_required`. Each code works once. A mail says that one was ' +
          'used, and how many are left.',
        ko:
          '인증 수단을 잃어버렸을 때 `second_factor_required` 다음 단계로 호출합니다. 코드마다 한 번만 쓸 수 있고, 쓰면 남은 개수를 메일로 ' +
          '알립니다.',
      },
      body: { ticket: 'lkt_example', code: '7K3M-X2QD-9RTH-W0VC' },
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
    'POST /user/recovery-codes': {
      summary: { en: 'Make new recovery codes', ko: '복구 코드 새로 만들기' },
      description: { en: 'The old ones are void.', ko: '이전 코드는 무효가 됩니다.' },
      answers: {
        200: {
          description: 'The new codes.',
          schema: v.strictObject(recoveryCodes),
          example: recoveryCodesExample,
        },
      },
      problems: ['no_second_factor'],
    },
  },
}

export const pages: Pages = {
  'POST /login/recovery': {
    answer: {
      en: '303 to `return_to` if it is allowed, else to `/login`, with a session cookie. After a failure, the form again',
      ko: '허용된 `return_to`, 없으면 `/login`으로 303, 세션 쿠키를 설정. 실패하면 폼을 다시 표시',
    },
  },
  'POST /account/recovery-codes': {
    needs: 'login',
    answer: { en: '200: the new recovery codes', ko: '200: 새 복구 코드' },
  },
}
