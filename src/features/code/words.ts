import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  byCode: { en: 'Sign in with a code by mail', ko: '이메일 인증 코드로 로그인' },
  askHow: {
    en: 'Enter your email address. We will send you a code to sign in with.',
    ko: '이메일 주소를 입력해 주세요. 로그인에 사용할 인증 코드를 보내 드립니다.',
  },
  send: { en: 'Send the code', ko: '인증 코드 받기' },
  sendMe: { en: 'Mail me a code', ko: '이메일로 인증 코드 받기' },
  confirmBy: { en: 'Confirm with the code', ko: '인증 코드로 확인' },
  enter: { en: 'Enter the code', ko: '인증 코드 입력' },
  sentTo: {
    en: (email: string) =>
      `If ${email} has an account, a mail with a code is on its way. The code works for ten minutes. If nothing arrives, check your spam folder and the address.`,
    ko: (email: string) =>
      `${email} 주소로 가입된 계정이 있으면 인증 코드가 곧 도착합니다. 코드는 10분 동안 유효합니다. 메일이 오지 않으면 스팸 메일함을 살펴보고, 주소가 맞는지 확인해 주세요.`,
  },
  sentToYou: {
    en: 'A mail with a code is on its way to the address of your account. If nothing arrives, check your spam folder.',
    ko: '계정의 이메일 주소로 인증 코드를 보냈습니다. 메일이 오지 않으면 스팸 메일함을 살펴봐 주세요.',
  },
  sendAgain: { en: 'Send another code', ko: '인증 코드 다시 받기' },
  otherAddress: { en: 'Use another address', ko: '다른 이메일 주소 사용' },
  linkHere: {
    en: 'You began to sign in with this browser. Continue here.',
    ko: '이 브라우저에서 시작한 로그인을 완료합니다.',
  },
  yourCode: { en: 'Your code', ko: '인증 코드' },
  linkElsewhere: {
    en: 'Enter this code in the browser where you began to sign in. This browser stays signed out.',
    ko: '로그인을 시작한 브라우저에 이 코드를 입력해 주세요. 지금 이 브라우저에서는 로그인되지 않습니다.',
  },
  neverPassOn: {
    en: 'Never pass the code on. If you did not begin to sign in yourself, close this page: nothing will happen.',
    ko: '누구에게도 코드를 알려 주지 마세요. 직접 로그인을 시작하지 않았다면 이 페이지를 닫아 주세요. 아무 일도 일어나지 않습니다.',
  },
  over: { en: 'This code no longer works', ko: '더 이상 사용할 수 없는 인증 코드입니다' },
  overHow: {
    en: 'Codes work for ten minutes. Please ask for a new one.',
    ko: '인증 코드는 10분 동안만 유효합니다. 새 코드를 받아 주세요.',
  },
})

export const labels = { code: { en: 'Code', ko: '인증 코드' } } satisfies Record<string, Translated>

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  code_again: { en: 'Another code was requested.', ko: '인증 코드를 다시 요청했습니다.' },
} satisfies Record<string, Translated>
