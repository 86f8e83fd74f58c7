import { phrases } from '../../lib/language.ts'

export const words = phrases({
  signedIn: { en: 'You are signed in', ko: '로그인되어 있습니다' },
  signedInAs: {
    en: (email: string) => `You are signed in as ${email}.`,
    ko: (email: string) => `${email} 계정으로 로그인되어 있습니다.`,
  },
})
