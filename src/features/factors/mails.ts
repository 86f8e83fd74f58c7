import type { Mail } from '../../core/mail/compose.ts'
import { forgotPage, ifNotYou } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  on: {
    kind: 'second_factor_on',
    words: {
      en: {
        subject: 'Signing in asks for a second factor',
        lines: [
          'Your account at {app} asks for a second factor at every sign-in from now on.',
          'If you did not turn this on, set a new password, then tell the operator of {app}.',
        ],
      },
      ko: {
        subject: '2단계 인증을 켰습니다',
        lines: [
          '앞으로 {app} 계정에 로그인할 때마다 2단계 인증을 거칩니다.',
          '본인이 켠 것이 아니라면 비밀번호를 재설정하고 {app} 운영자에게 알려 주세요.',
        ],
      },
    },
    details: true,
    link: forgotPage,
  },
  off: {
    kind: 'second_factor_off',
    words: {
      en: {
        subject: 'The second factor was turned off',
        lines: [
          'Your account at {app} no longer asks for a second factor, and its recovery codes are void.',
          `${ifNotYou.en} Then turn it on again.`,
        ],
      },
      ko: {
        subject: '2단계 인증을 껐습니다',
        lines: [
          '{app} 계정의 2단계 인증을 껐으며, 복구 코드는 더 이상 사용할 수 없습니다.',
          `${ifNotYou.ko} 그런 다음 다시 켜 주세요.`,
        ],
      },
    },
    details: true,
    link: undoPage,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    factors: typeof mails
  }
}
