import type { Translated } from '../../lib/language.ts'

/** What notices have in common: what each goes on to say, before the link that undoes what it reports. */
export const ifNotYou: Translated = {
  en: 'If this was you, there is nothing to do. If not, tell us within seven days: all devices are signed out, and you set a new password.',
  ko: '본인이 하신 일이라면 그대로 두셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 모든 기기에서 로그아웃되고, 비밀번호를 새로 설정할 수 있습니다.',
}

/** The same for a new factor. */
export const ifNotAdded: Translated = {
  en: 'If this was you, there is nothing to do. If not, tell us within 24 hours: it is removed again, all devices are signed out, and you set a new password.',
  ko: '본인이 하신 일이라면 그대로 두셔도 됩니다. 본인이 아니라면 24시간 안에 알려 주세요. 등록이 취소되고 모든 기기에서 로그아웃되며, 비밀번호를 새로 설정할 수 있습니다.',
}

/** The same for a factor that is gone. It does not come back. */
export const ifNotRemoved: Translated = {
  en: `${ifNotYou.en} Then add it again.`,
  ko: `${ifNotYou.ko} 그런 다음 다시 등록해 주세요.`,
}

/** The link of a notice that reports nothing to undo. */
export const loginPage = { path: '/login', label: { en: 'Sign in', ko: '로그인' }, tokenless: true } as const
export const forgotPage = {
  path: '/forgot',
  label: { en: 'Set a new password', ko: '비밀번호 재설정' },
  tokenless: true,
} as const
