import type { Mail } from '../../core/mail/compose.ts'
import { undoPage } from '../../core/users/undo.ts'

export const mails = {
  on: {
    kind: 'second_factor_on',
    words: {
      en: {
        subject: 'Signing in asks for a second factor',
        lines: [
          'Your account at {app} asks for a second factor at every sign-in from now on.',
          'If you did not turn this on, set a new password now, then tell the operator of {app}.',
        ],
      },
      ko: {
        subject: '2단계 인증을 켰습니다',
        lines: [
          '앞으로 {app} 계정에 로그인할 때마다 2단계 인증을 거칩니다.',
          '본인이 켜지 않았다면 지금 바로 비밀번호를 재설정하고 {app} 운영자에게 알려 주세요.',
        ],
      },
    },
    details: true,
  },
  off: {
    kind: 'second_factor_off',
    words: {
      en: {
        subject: 'Signing in asks for no second factor any more',
        lines: [
          'Your account at {app} no longer asks for a second factor, and its recovery codes are void.',
          'If it was you, there is nothing to do. If not, tell us within seven days: all devices are signed out, and you set a new password. Then turn it on again.',
        ],
      },
      ko: {
        subject: '2단계 인증을 껐습니다',
        lines: [
          '{app} 계정의 2단계 인증을 껐으며, 복구 코드는 더 이상 사용할 수 없습니다.',
          '본인이 껐다면 아무것도 하지 않으셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 모든 기기에서 로그아웃되고 비밀번호를 새로 설정할 수 있습니다. 그런 다음 다시 켜 주세요.',
        ],
      },
    },
    details: true,
    link: undoPage,
  },
} satisfies Record<string, Mail>
