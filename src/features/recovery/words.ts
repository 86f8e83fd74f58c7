import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  codes: { en: 'Recovery codes', ko: '복구 코드' },
  left: {
    en: (count: string) => `Codes that sign you in without your second factor. Left: ${count}.`,
    ko: (count: string) => `인증 수단을 잃어버렸을 때 로그인에 사용하는 코드입니다. ${count}개 남았습니다.`,
  },
  renew: { en: 'Make new codes', ko: '새로 만들기' },
  use: { en: 'Use a recovery code', ko: '복구 코드로 계속' },
})

export const labels = {
  recovery_code: { en: 'Recovery code', ko: '복구 코드' },
} satisfies Record<string, Translated>
