import type { Mail } from '../../core/mail/compose.ts'

export const mails = {
  alreadyRegistered: {
    kind: 'already_registered',
    words: {
      en: {
        subject: 'You already have an account',
        lines: [
          'Somebody tried to register at {app} with this address, which has an account already. If it was you, sign in, or ask for a new password.',
          'If it was not you, nothing has changed.',
        ],
      },
      ko: {
        subject: '이미 가입된 이메일 주소입니다',
        lines: [
          '이 이메일 주소로 {app} 회원가입 신청이 있었지만, 이미 가입된 주소입니다. 본인이 신청했다면 로그인하거나 비밀번호를 재설정해 주세요.',
          '본인이 신청하지 않았다면 이 메일을 무시하셔도 됩니다. 변경된 내용은 없습니다.',
        ],
      },
    },
  },
} satisfies Record<string, Mail>
