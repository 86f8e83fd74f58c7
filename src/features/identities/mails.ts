import type { Mail } from '../../core/mail/compose.ts'
import { ifNotYou, loginPage } from '../../core/users/factor-mails.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  added: {
    kind: 'identity_added',
    words: {
      en: {
        subject: 'An account was connected',
        lines: [
          'An account at another service was connected with your account at {app}. You can sign in with it from now on, without the password.',
          'If this was you, there is nothing to do. If not, tell us within seven days: it is disconnected again, all devices are signed out, and you set a new password.',
        ],
      },
      ko: {
        subject: '다른 서비스 계정이 연결되었습니다',
        lines: [
          '{app} 계정에 다른 서비스 계정이 연결되었습니다. 이제 그 계정으로 비밀번호 없이 로그인할 수 있습니다.',
          '본인이 하신 일이라면 그대로 두셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 연결이 해제되고 모든 기기에서 로그아웃되며, 비밀번호를 새로 설정할 수 있습니다.',
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  removed: {
    kind: 'identity_removed',
    words: {
      en: {
        subject: 'An account was disconnected',
        lines: [
          'An account at another service was disconnected from your account at {app}, and nobody can sign in with it any more.',
          `${ifNotYou.en} Then connect it again.`,
        ],
      },
      ko: {
        subject: '다른 서비스 계정의 연결이 해제되었습니다',
        lines: [
          '{app} 계정과 다른 서비스 계정의 연결이 해제되었습니다. 이제 그 계정으로는 로그인할 수 없습니다.',
          `${ifNotYou.ko} 그런 다음 다시 연결해 주세요.`,
        ],
      },
    },
    details: true,
    link: undoPage,
  },
  confirm: {
    kind: 'identity_confirm',
    words: {
      en: {
        subject: 'Confirm your email address',
        lines: [
          'An account at another service that has this address was used to register at {app}. To finish, confirm the address within an hour.',
          'If it was not you, do nothing: without this link nobody can sign in with your address.',
        ],
      },
      ko: {
        subject: '이메일 주소를 인증해 주세요',
        lines: [
          '이 이메일 주소를 쓰는 다른 서비스 계정으로 {app} 회원가입 신청을 받았습니다. 1시간 안에 이메일 주소를 인증하면 가입이 완료됩니다.',
          '가입을 신청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 이 링크로 인증하지 않으면 아무도 이 주소로 로그인할 수 없습니다.',
        ],
      },
    },
    link: { path: '/login/with', label: { en: 'Confirm this address', ko: '이메일 주소 인증' } },
  },
  known: {
    kind: 'identity_known',
    words: {
      en: {
        subject: 'You already have an account',
        lines: [
          'There is already an account at {app} with this address. It is not connected yet with the account at another service that was just used to sign in. Sign in as you always do, or set a new password. Then connect the other account under Security.',
          'If it was not you, nothing has changed.',
        ],
      },
      ko: {
        subject: '이미 가입된 이메일 주소입니다',
        lines: [
          '이 이메일 주소로 가입한 {app} 계정이 이미 있으며, 방금 로그인에 사용한 다른 서비스 계정과는 아직 연결되어 있지 않습니다. 평소 방법으로 로그인하거나 비밀번호를 재설정한 뒤 내 계정의 로그인 보안에서 그 계정을 연결해 주세요.',
          '본인이 아니라면 이 메일을 무시하셔도 됩니다. 변경된 내용은 없습니다.',
        ],
      },
    },
    link: loginPage,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    identities: typeof mails
  }
}
