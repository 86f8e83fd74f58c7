import type { Mail } from '../../core/mail/compose.ts'
import { ifNotAdded, ifNotRemoved } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  added: {
    kind: 'passkey_added',
    words: {
      en: {
        subject: 'A passkey was added',
        lines: [
          'A passkey was added to your account at {app}. You can sign in with it from now on, without the password.',
          ifNotAdded.en,
        ],
      },
      ko: {
        subject: '패스키가 등록되었습니다',
        lines: [
          '{app} 계정에 패스키가 등록되었습니다. 이제 이 패스키로 비밀번호 없이 로그인할 수 있습니다.',
          ifNotAdded.ko,
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  removed: {
    kind: 'passkey_removed',
    words: {
      en: {
        subject: 'A passkey was removed',
        lines: [
          'A passkey was removed from your account at {app}, and nobody can sign in with it any more.',
          ifNotRemoved.en,
        ],
      },
      ko: {
        subject: '패스키가 삭제되었습니다',
        lines: ['{app} 계정에서 패스키가 삭제되었습니다. 이제 이 패스키로는 로그인할 수 없습니다.', ifNotRemoved.ko],
      },
    },
    details: true,
    link: undoPage,
  },
  copied: {
    kind: 'passkey_copied',
    words: {
      en: {
        subject: 'A passkey may have been copied',
        lines: [
          'Somebody tried to sign in to your account at {app} with a passkey that had counted fewer uses than before. That happens if it was copied. The sign-in was refused.',
          'Remove this passkey from your account, and add a new one.',
        ],
      },
      ko: {
        subject: '패스키가 복제되었을 수 있습니다',
        lines: [
          '사용 횟수가 이전보다 적게 기록된 패스키로 {app} 계정에 로그인하려는 시도가 있었습니다. 패스키가 복제되면 이런 일이 생길 수 있어 로그인을 거부했습니다.',
          '계정에서 이 패스키를 삭제하고 새 패스키를 등록해 주세요.',
        ],
      },
    },
    details: true,
    link: { path: '/account/passkeys', label: { en: 'My passkeys', ko: '패스키 관리' }, tokenless: true },
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    passkeys: typeof mails
  }
}
