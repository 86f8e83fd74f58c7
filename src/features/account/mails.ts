import type { Mail } from '../../core/mail/compose.ts'

export const mails = {
  accountDeleted: {
    kind: 'account_deleted',
    words: {
      en: {
        subject: 'Your account was deleted',
        lines: [
          'Your account at {app} and what belonged to it was deleted, as you asked.',
          'If you did not ask for this, tell the operator of {app}.',
        ],
      },
      ko: {
        subject: '계정이 삭제되었습니다',
        lines: [
          '요청하신 대로 {app} 계정과 관련 데이터를 모두 삭제했습니다.',
          '본인이 요청하지 않았다면 {app} 운영자에게 알려 주세요.',
        ],
      },
    },
    details: true,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    account: typeof mails
  }
}
