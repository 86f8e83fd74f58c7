import * as v from 'valibot'
import {
  type Chapter,
  nullable,
  type Pages,
  recoveryCodes,
  recoveryCodesExample,
  seconds,
  text,
} from '../../openapi.ts'

const factor = v.strictObject({
  id: text,
  type: v.pipe(text, v.description('The name of the method, such as `totp` or `passkey`.')),
  name: nullable,
  created_at: seconds,
  last_used_at: v.nullable(seconds),
})

export const chapter: Chapter = {
  title: { en: 'Factors', ko: '인증 수단' },
  operations: {
    'GET /user/factors': {
      summary: { en: 'List the factors of the account', ko: '인증 수단 목록' },
      answers: {
        200: {
          description: 'Passkeys and authenticator apps, and how many recovery codes are left.',
          schema: v.strictObject({ factors: v.array(factor), recovery_codes_left: seconds }),
          example: {
            factors: [
              { id: '7pQbWb8lX3mG0uYtRk2aVw', type: 'totp', name: null, created_at: 1_767_225_600, last_used_at: null },
            ],
            recovery_codes_left: 10,
          },
        },
      },
      problems: ['not_found'],
    },
    'PUT /user/second-factor': {
      summary: { en: 'Ask for a second factor at every sign-in, or stop it', ko: '2단계 인증 켜기, 끄기' },
      description: {
        en:
          'For an account with passkeys: an authenticator app is always asked for, and stops with its removal. Turning it on ' +
          'makes new recovery codes, also when it is on already.',
        ko:
          '패스키가 있는 계정에 씁니다. 인증 앱이 있으면 항상 켜져 있고, 앱을 삭제해야 꺼집니다. 켜면 복구 코드를 새로 만듭니다. 이미 켜져 있어도 ' +
          '마찬가지입니다.',
      },
      body: { on: true },
      answers: {
        200: {
          description: 'It is on. The recovery codes are shown only now.',
          schema: v.strictObject(recoveryCodes),
          example: recoveryCodesExample,
        },
        204: { description: 'It is off, and the recovery codes are void.' },
      },
      problems: ['no_second_factor', 'factor_exists', 'second_factors_off', 'second_factor_demanded'],
    },
  },
}

export const pages: Pages = {
  'GET /account/security': {
    needs: 'login',
    answer: {
      en: '200: the factors of the account, and the forms that add and remove them',
      ko: '200: 인증 수단 목록과 등록, 삭제 폼',
    },
  },
  'POST /account/security': {
    needs: 'login',
    answer: {
      en: '200: the recovery codes, after turning two-step sign-in on; 303 to `/account/security` after turning it off',
      ko: '2단계 인증을 켜면 200: 복구 코드. 끄면 `/account/security`로 303',
    },
  },
}
