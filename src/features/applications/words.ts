import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  applications: { en: 'Applications', ko: '연결된 애플리케이션' },
  applicationsAre: {
    en: 'You sign in to them with this account. Removing one signs you out of it.',
    ko: '이 계정으로 로그인한 애플리케이션입니다. 연결을 해제하면 해당 애플리케이션에서 로그아웃됩니다.',
  },
  allowed: { en: 'Allowed', ko: '동의한 날짜:' },
  withdraw: { en: 'Remove', ko: '연결 해제' },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  withdrawn: { en: 'The application is removed.', ko: '애플리케이션 연결을 해제했습니다.' },
} satisfies Record<string, Translated>
