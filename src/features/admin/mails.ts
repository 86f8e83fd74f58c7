import type { Mail } from '../../core/mail/compose.ts'
import { INVITATION_SECONDS } from '../../core/users/invitations.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  // Its kind is older than invitations.
  invitation: {
    kind: 'account_created',
    words: {
      en: {
        subject: 'You are invited',
        lines: [
          '{app} invites you: there is an account for you with this address. Set its password within seven days.',
          'If you did not expect this, do nothing.',
        ],
      },
      ko: {
        subject: '초대를 받으셨습니다',
        lines: [
          '{app}에서 초대합니다. 이 이메일 주소로 계정을 만들어 두었으니, 7일 안에 비밀번호를 설정해 주세요.',
          '예상하지 못한 메일이라면 무시하셔도 됩니다.',
        ],
      },
    },
    link: { path: '/reset', label: { en: 'Set my password', ko: '비밀번호 설정' }, seconds: INVITATION_SECONDS },
  },
  factorsRemoved: {
    kind: 'factors_removed',
    words: {
      en: {
        subject: 'A way to sign in was removed',
        lines: [
          'The operator of {app} removed a passkey, an authenticator app or a linked account from your account, and all devices were signed out. If you cannot sign in any more, ask for a new password.',
          'If you did not ask for this, tell the operator of {app}. For seven days, you can also void the password and sign out all devices again.',
        ],
      },
      ko: {
        subject: '로그인 방법이 삭제되었습니다',
        lines: [
          '{app} 운영자가 계정에서 패스키나 인증 앱을 삭제했거나 다른 서비스 계정의 연결을 해제했으며, 모든 기기에서 로그아웃되었습니다. 로그인할 수 없다면 비밀번호 재설정을 요청해 주세요.',
          '요청한 적이 없다면 {app} 운영자에게 알려 주세요. 앞으로 7일 동안은 비밀번호를 초기화하고 모든 기기에서 다시 로그아웃할 수도 있습니다.',
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  resetForced: {
    kind: 'reset_forced',
    words: {
      en: {
        subject: 'Set a new password',
        lines: [
          'The operator of {app} made the password of your account void, and all devices were signed out. Set a new one within an hour; later, ask for a new password.',
          'Use a password that you use nowhere else.',
        ],
      },
      ko: {
        subject: '비밀번호를 재설정해 주세요',
        lines: [
          '{app} 운영자가 계정의 비밀번호를 초기화하여 기존 비밀번호를 더 이상 사용할 수 없으며, 모든 기기에서 로그아웃되었습니다. 1시간 안에 비밀번호를 재설정해 주세요. 시간이 지났다면 비밀번호 재설정을 다시 요청해 주세요.',
          '다른 곳에서 사용하지 않는 비밀번호로 설정해 주세요.',
        ],
      },
    },
    details: true,
    link: { path: '/reset', label: { en: 'Set a new password', ko: '비밀번호 재설정' } },
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    admin: typeof mails
  }
}
