import type { Mail } from '../../core/mail/compose.ts'
import { ifNotAdded, ifNotRemoved } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  added: {
    kind: 'totp_added',
    words: {
      en: {
        subject: 'An authenticator app was added',
        lines: [
          'An authenticator app was added to your account at {app}. Signing in asks for its code from now on.',
          ifNotAdded.en,
        ],
      },
      ko: {
        subject: '인증 앱이 등록되었습니다',
        lines: [
          '{app} 계정에 인증 앱이 등록되었습니다. 앞으로 로그인할 때 인증 앱의 코드를 입력해야 합니다.',
          ifNotAdded.ko,
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  removed: {
    kind: 'totp_removed',
    words: {
      en: {
        subject: 'An authenticator app was removed',
        lines: ['The authenticator app was removed from your account at {app}.', ifNotRemoved.en],
      },
      ko: {
        subject: '인증 앱이 삭제되었습니다',
        lines: ['{app} 계정에서 인증 앱이 삭제되었습니다.', ifNotRemoved.ko],
      },
    },
    details: true,
    link: undoPage,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    totp: typeof mails
  }
}
