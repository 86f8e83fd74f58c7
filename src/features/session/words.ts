import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  confirmNothing: {
    en: 'Sign out, then sign in again to continue.',
    ko: '계속하려면 로그아웃한 뒤 다시 로그인해 주세요.',
  },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  sessions: { en: 'Signed out on the devices that you chose.', ko: '선택한 기기에서 로그아웃했습니다.' },
  confirmed: {
    en: 'It is confirmed that it is you, for the next 10 minutes.',
    ko: '본인 확인을 마쳤습니다. 이 확인은 10분 동안 유효합니다.',
  },
} satisfies Record<string, Translated>
