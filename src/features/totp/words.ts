import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  app: { en: 'Authenticator app', ko: '인증 앱' },
  appIs: {
    en: 'A code from an app on your phone, asked for at every sign-in.',
    ko: '휴대폰의 인증 앱에 표시되는 코드를 로그인할 때마다 입력합니다.',
  },
  add: { en: 'Set up an authenticator app', ko: '인증 앱 등록' },
  remove: { en: 'Remove the authenticator app', ko: '인증 앱 삭제' },
  scan: { en: 'Scan this code with an authenticator app.', ko: '인증 앱으로 QR 코드를 스캔해 주세요.' },
  image: { en: 'QR code for an authenticator app', ko: '인증 앱에 등록할 QR 코드' },
  orType: {
    en: 'If you cannot scan it, enter this key in the app:',
    ko: '스캔할 수 없다면 인증 앱에 다음 키를 직접 입력해 주세요.',
  },
  enterCode: { en: 'Then enter the code that the app shows.', ko: '그런 다음 인증 앱에 표시된 코드를 입력해 주세요.' },
  confirm: { en: 'Confirm the code', ko: '코드 확인' },
  back: { en: 'Not now', ko: '나중에 하기' },
  useCode: { en: 'Continue with the app', ko: '인증 앱으로 계속' },
})

export const labels = {
  totp: { en: 'Code from the authenticator app', ko: '인증 앱의 코드' },
} satisfies Record<string, Translated>

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  totp_removed: { en: 'The authenticator app is removed.', ko: '인증 앱을 삭제했습니다.' },
} satisfies Record<string, Translated>
