import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  signInWith: {
    en: (brand: string) => `Sign in with ${brand}`,
    ko: (brand: string) => `${brand} 계정으로 로그인`,
  },
  mailed: {
    en: 'We have sent a mail to the email address of that account. It says how to go on.',
    ko: '선택한 계정의 이메일 주소로 메일을 보냈습니다. 메일의 안내에 따라 진행해 주세요.',
  },
  confirmTitle: { en: 'Confirm your email address', ko: '이메일 주소 인증' },
  confirmHow: {
    en: 'Choose the account that you registered with. Then your address is confirmed, and you are signed in.',
    ko: '가입할 때 사용한 계정을 선택해 주세요. 이메일 주소 인증이 끝나고 바로 로그인됩니다.',
  },
  leaving: { en: 'One moment', ko: '잠시만 기다려 주세요' },
  leave: { en: 'Continue', ko: '계속' },
  connected: { en: 'Connected', ko: '연결됨' },
  notConnected: { en: 'Not connected', ko: '연결되지 않음' },
  connect: { en: (brand: string) => `Connect ${brand}`, ko: (brand: string) => `${brand} 연결` },
  disconnect: { en: (brand: string) => `Disconnect ${brand}`, ko: (brand: string) => `${brand} 연결 해제` },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  identity_added: {
    en: 'The account is connected. You can sign in with it from now on.',
    ko: '계정을 연결했습니다. 이제 이 계정으로 로그인할 수 있습니다.',
  },
  turned_back: {
    en: 'Nothing was done, because you turned back on the way.',
    ko: '도중에 취소하여 아무것도 바뀌지 않았습니다.',
  },
  identity_removed: { en: 'The account is disconnected.', ko: '계정 연결을 해제했습니다.' },
} satisfies Record<string, Translated>
