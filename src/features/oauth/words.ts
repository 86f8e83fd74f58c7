import { phrases } from '../../lib/language.ts'

export const words = phrases({
  consent: {
    en: (name: string) => `Sign in to ${name}`,
    ko: (name: string) => `${name}에 로그인`,
  },
  consentWhy: {
    en: 'This application belongs to somebody else. If you allow it, it can:',
    ko: '외부에서 운영하는 애플리케이션입니다. 동의하면 이 애플리케이션에 다음 권한을 허용합니다.',
  },
  documentWhy: {
    en: (host: string, name: string) =>
      `An application of ${host} asks for this. It calls itself “${name}”, which nobody here has checked. If you allow it, it can:`,
    ko: (host: string, name: string) =>
      `${host}의 애플리케이션이 요청했습니다. 스스로 밝힌 이름은 “${name}”이지만, 이 서비스에서 확인한 이름은 아닙니다. 동의하면 다음 권한을 허용합니다.`,
  },
  toDevice: {
    en: 'The answer goes to an app on this device, and every app on it could ask in this name. Allow it only if you have just started to sign in there yourself.',
    ko: '로그인 결과가 이 기기의 앱으로 전달됩니다. 다른 앱이 이 이름을 사칭해 요청할 수도 있으니, 방금 그 앱에서 직접 로그인을 시작했을 때만 동의해 주세요.',
  },
  elsewhere: {
    en: 'This is another site than the one that asks.',
    ko: '요청한 곳과 다른 사이트입니다.',
  },
  openid: { en: 'recognize you when you come back', ko: '다시 방문했을 때 같은 사용자임을 확인' },
  email: { en: 'see your email address:', ko: '이메일 주소 조회:' },
  profile: { en: 'see your name:', ko: '이름 조회:' },
  noName: { en: 'none yet', ko: '아직 없음' },
  offline: {
    en: 'keep its access when you have left, until you take it back',
    ko: '사용하지 않는 동안에도 접근 권한 유지(연결을 해제할 때까지)',
  },
  own: { en: 'use what it calls', ko: '추가 권한:' },
  leadsTo: { en: 'You go on to', ko: '이동할 곳:' },
  takeBack: {
    en: 'You can take this back on your account page at any time.',
    ko: '내 계정 페이지에서 언제든지 연결을 해제할 수 있습니다.',
  },
  allow: { en: 'Allow', ko: '동의하고 계속하기' },
  deny: { en: 'Do not allow', ko: '동의하지 않음' },
  endSession: { en: 'Sign out?', ko: '로그아웃할까요?' },
  endSessionWhy: {
    en: 'You are about to sign out here. Applications that you signed in to with this account learn of it.',
    ko: '로그아웃하면 이 계정으로 로그인한 애플리케이션에도 로그아웃한 사실을 알립니다.',
  },
  stay: { en: 'Stay signed in', ko: '로그아웃하지 않기' },
  signedOut: { en: 'You are signed out', ko: '로그아웃했습니다' },
})
