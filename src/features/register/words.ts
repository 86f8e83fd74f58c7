import type { Translated } from '../../lib/language.ts'

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  registered: {
    en: 'A mail is on its way to the address that you entered. Open its link to finish.',
    ko: '입력한 이메일 주소로 링크를 보냈습니다. 메일의 링크를 열어 가입을 완료해 주세요.',
  },
} satisfies Record<string, Translated>
