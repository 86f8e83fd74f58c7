import type { Mail } from '../../core/mail/compose.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  reset: {
    kind: 'reset',
    words: {
      en: {
        subject: 'Set a new password',
        lines: [
          'Somebody asked for a new password for your account at {app}. If it was you, set it within an hour.',
          'If it was not you, do nothing: your password stays as it is.',
        ],
      },
      ko: {
        subject: '비밀번호 재설정',
        lines: [
          '{app} 계정의 비밀번호 재설정 요청이 있었습니다. 본인이 요청했다면 1시간 안에 비밀번호를 재설정해 주세요.',
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
          'If it was you, there is nothing to do. If not, tell us within seven days: all devices are signed out, and you set a new password.',
        ],
      },
      ko: {
        subject: '비밀번호가 삭제되었습니다',
        lines: [
          '{app} 계정의 비밀번호가 삭제되었으며, 다른 기기에서는 로그아웃되었습니다. 이제 패스키나 이메일 인증 코드로 로그인합니다.',
          '본인이 삭제했다면 아무것도 하지 않으셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 모든 기기에서 로그아웃되고 비밀번호를 새로 설정할 수 있습니다.',
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
        lines: [
          'The password of your account at {app} was changed, and other devices were signed out.',
          'If it was you, there is nothing to do. If not, tell us within seven days: all devices are signed out, and you set a new password.',
        ],
      },
      ko: {
        subject: '비밀번호가 변경되었습니다',
        lines: [
          '{app} 계정의 비밀번호가 변경되었으며, 다른 기기에서는 로그아웃되었습니다.',
          '본인이 변경했다면 아무것도 하지 않으셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 모든 기기에서 로그아웃되고 비밀번호를 새로 설정할 수 있습니다.',
        ],
      },
    },
    details: true,
    link: undoPage,
  },
} satisfies Record<string, Mail>
