import type { Mail } from '../mail/compose.ts'

/**
 * The mails of the core. Several features ask for the link that completes a registration. The feature `register` lists
 * them.
 */
export const mails = {
  verify: {
    kind: 'verify',
    words: {
      en: {
        subject: 'Confirm your email address',
        lines: [
          'This address was used to register at {app}. To finish, confirm it within an hour, with the password that you chose.',
          'If it was not you, do nothing: without this link nobody can sign in with your address.',
        ],
      },
      ko: {
        subject: '이메일 주소를 인증해 주세요',
        lines: [
          '이 이메일 주소로 {app} 회원가입 신청을 받았습니다. 1시간 안에 가입할 때 정한 비밀번호를 입력해 인증하면 가입이 완료됩니다.',
          '가입을 신청하지 않으셨다면 이 메일을 무시하셔도 됩니다. 이 링크로 인증하지 않으면 아무도 이 주소로 로그인할 수 없습니다.',
        ],
      },
    },
    link: { path: '/verify', label: { en: 'Confirm this address', ko: '이메일 주소 인증' } },
  },
  finishRegistration: {
    kind: 'finish_registration',
    words: {
      en: {
        subject: 'Set your password',
        lines: [
          'This address was used to register at {app} again, before it was confirmed. So that only you decide on the password, set it here within an hour.',
          'If it was not you, do nothing.',
        ],
      },
      ko: {
        subject: '비밀번호를 설정해 주세요',
        lines: [
          '이 이메일 주소로 {app} 회원가입 신청을 다시 받았습니다. 아직 인증하지 않은 주소이므로, 비밀번호는 본인만 정할 수 있도록 1시간 안에 직접 설정해 주세요.',
          '가입을 신청하지 않으셨다면 이 메일을 무시하셔도 됩니다.',
        ],
      },
    },
    link: { path: '/reset', label: { en: 'Set my password', ko: '비밀번호 설정' } },
  },
} as const satisfies Record<string, Mail>

declare module '../mail/compose.ts' {
  interface DeclaredMails {
    users: typeof mails
  }
}
