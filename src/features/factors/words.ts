import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  security: { en: 'Sign-in security', ko: '로그인 보안' },
  securityIs: {
    en: 'Passkeys, an authenticator app and recovery codes.',
    ko: '패스키, 인증 앱, 복구 코드를 관리합니다.',
  },
  manage: { en: 'Manage security', ko: '로그인 보안 관리' },
  none: {
    en: 'Your account has no second factor. Whoever learns your password can sign in.',
    ko: '등록한 인증 수단이 없습니다. 비밀번호를 알아낸 사람은 누구나 로그인할 수 있습니다.',
  },
  yours: { en: 'Your factors', ko: '등록한 인증 수단' },
  added: { en: 'Added', ko: '등록' },
  twoSteps: { en: 'Two-step sign-in', ko: '2단계 인증' },
  isOn: {
    en: 'Your password alone signs nobody in.',
    ko: '비밀번호만으로는 로그인할 수 없습니다.',
  },
  isOff: {
    en: 'Ask for a passkey whenever somebody signs in with your password.',
    ko: '비밀번호로 로그인할 때 패스키도 확인합니다.',
  },
  turnOn: { en: 'Turn on two-step sign-in', ko: '2단계 인증 켜기' },
  turnOff: { en: 'Turn off two-step sign-in', ko: '2단계 인증 끄기' },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  second_factor_off: { en: 'Two-step sign-in is off.', ko: '2단계 인증을 껐습니다.' },
} satisfies Record<string, Translated>
