import type { Mail } from '../../core/mail/compose.ts'
import { loginPage } from '../../core/users/factor-mails.ts'

export const mails = {
  alreadyRegistered: {
    kind: 'already_registered',
    words: {
      en: {
        subject: 'You already have an account',
        lines: [
          'There is already an account at {app} with this address, so no second one was made. To use it, sign in, or ask for a new password.',
          'If you did not just register, there is nothing to do. Nothing has changed.',
        ],
      },
      ko: {
        subject: '이미 가입된 이메일 주소입니다',
        lines: [
          '이 이메일 주소로 가입한 {app} 계정이 이미 있습니다. 로그인하거나 비밀번호를 재설정해 주세요.',
          '가입을 신청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 변경된 내용은 없습니다.',
        ],
      },
    },
    link: loginPage,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    register: typeof mails
  }
}
