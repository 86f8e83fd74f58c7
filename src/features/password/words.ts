import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  forgotTitle: { en: 'Reset your password', ko: '비밀번호 재설정' },
  forgotHow: {
    en: 'Enter your email address. If it has an account, we will send a link to reset the password.',
    ko: '이메일 주소를 입력해 주세요. 가입된 계정이 있으면 비밀번호 재설정 링크를 보내 드립니다.',
  },
  sendLink: { en: 'Send the link', ko: '재설정 링크 받기' },
  setPassword: { en: 'Set a new password', ko: '새 비밀번호 설정' },
  withoutPassword: { en: 'No password', ko: '비밀번호 없음' },
  removePassword: { en: 'Remove password', ko: '비밀번호 삭제' },
  removePasswordMeans: {
    en: 'You will sign in with a passkey or a mailed code. You stay signed in on this device. All other sessions end.',
    ko: '앞으로는 패스키나 이메일 인증 코드로 로그인합니다. 이 기기에서는 로그인이 유지되고, 다른 기기에서는 모두 로그아웃됩니다.',
  },
  changeHow: {
    en: 'You stay signed in on this device. All other sessions end.',
    ko: '이 기기에서는 로그인이 유지되고, 다른 기기에서는 모두 로그아웃됩니다.',
  },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  forgotten: {
    en: 'If the address has an account, a link to reset the password is on its way.',
    ko: '가입된 계정이 있으면 비밀번호 재설정 링크가 곧 도착합니다.',
  },
  reset: {
    en: 'Your new password is set. Please sign in.',
    ko: '비밀번호를 재설정했습니다. 새 비밀번호로 로그인해 주세요.',
  },
  password_removed: {
    en: 'Your password is removed. All other sessions have ended.',
    ko: '비밀번호를 삭제했습니다. 다른 기기에서는 모두 로그아웃되었습니다.',
  },
  password: {
    en: 'Your password is set. All other sessions have ended.',
    ko: '비밀번호를 설정했습니다. 다른 기기에서는 모두 로그아웃되었습니다.',
  },
} satisfies Record<string, Translated>
