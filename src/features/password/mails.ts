import type { Mail } from '../../core/mail/compose.ts'
import { ifNotYou } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  reset: {
    kind: 'reset',
    words: {
      en: {
        subject: 'Set a new password',
        lines: [
          'We were asked for a new password for your account at {app}. You can set it within an hour.',
          'If you did not ask for it, there is nothing to do: your password stays as it is.',
        ],
      },
      ko: {
        subject: '비밀번호 재설정',
        lines: [
          '{app} 계정의 비밀번호 재설정 요청을 받았습니다. 1시간 안에 새 비밀번호를 설정해 주세요.',
          '본인이 요청하지 않았다면 이 메일을 무시하셔도 됩니다. 비밀번호는 변경되지 않습니다.',
        ],
      },
    },
    link: { path: '/reset', label: { en: 'Set a new password', ko: '비밀번호 재설정' } },
  },
  passwordRemoved: {
    kind: 'password_removed',
    words: {
      en: {
        subject: 'Your password was removed',
        lines: [
          'Your account at {app} has no password any more, and other devices were signed out. You sign in with a passkey or a mailed code.',
          ifNotYou.en,
        ],
      },
      ko: {
        subject: '비밀번호가 삭제되었습니다',
        lines: [
          '{app} 계정의 비밀번호가 삭제되었으며, 다른 기기에서는 로그아웃되었습니다. 이제 패스키나 이메일 인증 코드로 로그인합니다.',
          ifNotYou.ko,
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  passwordChanged: {
    kind: 'password_changed',
    words: {
      en: {
        subject: 'Your password was changed',
        lines: ['The password of your account at {app} was changed, and other devices were signed out.', ifNotYou.en],
      },
      ko: {
        subject: '비밀번호가 변경되었습니다',
        lines: ['{app} 계정의 비밀번호가 변경되었으며, 다른 기기에서는 로그아웃되었습니다.', ifNotYou.ko],
      },
    },
    details: true,
    link: undoPage,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    password: typeof mails
  }
}
