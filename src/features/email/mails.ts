import type { Mail } from '../../core/mail/compose.ts'
import { loginPage } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  emailChange: {
    kind: 'email_change',
    words: {
      en: {
        subject: 'Confirm your new email address',
        lines: [
          'We were asked to use this address for an account at {app}. To finish, confirm it within an hour, with the password of the account. You will then sign in again.',
          'If it was not you, do nothing.',
        ],
      },
      ko: {
        subject: '새 이메일 주소를 인증해 주세요',
        lines: [
          '{app} 계정의 이메일 주소를 이 주소로 변경해 달라는 요청을 받았습니다. 1시간 안에 계정 비밀번호를 입력해 인증하면 변경이 완료됩니다. 인증 후에는 다시 로그인해야 합니다.',
          '본인이 요청하지 않았다면 이 메일을 무시하셔도 됩니다.',
        ],
      },
    },
    link: { path: '/verify', label: { en: 'Confirm this address', ko: '이메일 주소 인증' } },
  },
  emailChangeRequested: {
    kind: 'email_change_requested',
    words: {
      en: {
        subject: 'A new email address was requested',
        lines: [
          'We were asked to change the email address of your account at {app}. It changes when the new address is confirmed.',
          'If it was not you, keep your address, and set a new password, because whoever asked is signed in.',
        ],
      },
      ko: {
        subject: '이메일 주소 변경 요청을 받았습니다',
        lines: [
          '{app} 계정의 이메일 주소를 변경해 달라는 요청을 받았습니다. 새 주소를 인증하면 변경이 완료됩니다.',
          '본인이 요청하지 않았다면 다른 사람이 계정에 로그인해 있다는 뜻입니다. 변경을 취소하고 비밀번호를 재설정해 주세요.',
        ],
      },
    },
    details: true,
    link: { path: '/cancel', label: { en: 'Keep my address', ko: '이메일 주소 변경 취소' }, mayBeVoid: true },
  },
  emailChanged: {
    kind: 'email_changed',
    words: {
      en: {
        subject: 'Your email address was changed',
        lines: [
          'Your account at {app} has another address now, and all devices were signed out.',
          'If this was you, there is nothing to do. If not, tell us within seven days: the account gets this address back, and you set a new password.',
        ],
      },
      ko: {
        subject: '이메일 주소가 변경되었습니다',
        lines: [
          '{app} 계정의 이메일 주소가 다른 주소로 변경되었으며, 모든 기기에서 로그아웃되었습니다.',
          '본인이 하신 일이라면 그대로 두셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 계정의 이메일 주소를 이 주소로 되돌리고, 비밀번호를 새로 설정할 수 있습니다.',
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  emailMovedHere: {
    kind: 'email_moved_here',
    words: {
      en: {
        subject: 'Your new email address',
        lines: [
          'Your account at {app} uses this address from now on. Please sign in with it.',
          'For seven days, a link in the previous mailbox can take the change back.',
        ],
      },
      ko: {
        subject: '이메일 주소 변경이 완료되었습니다',
        lines: [
          '이제 {app} 계정은 이 이메일 주소를 사용합니다. 이 주소로 다시 로그인해 주세요.',
          '앞으로 7일 동안은 이전 주소로 보낸 메일의 링크로 변경을 되돌릴 수 있습니다.',
        ],
      },
    },
    details: true,
    link: loginPage,
  },
  emailTaken: {
    kind: 'email_taken',
    words: {
      en: {
        subject: 'You already have an account',
        lines: [
          'We were asked to use this address for another account at {app}. It belongs to yours, so nothing has changed.',
        ],
      },
      ko: {
        subject: '이미 가입된 이메일 주소입니다',
        lines: [
          '다른 {app} 계정의 이메일 주소를 이 주소로 변경해 달라는 요청을 받았습니다. 이 주소로 가입한 계정이 이미 있어 변경하지 않았습니다.',
        ],
      },
    },
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    email: typeof mails
  }
}
