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
          'Somebody registered at {app} with this address. If it was you, confirm it within an hour, with the password that you chose.',
          'If it was not you, do nothing: without this link nobody can sign in with your address.',
        ],
      },
      ko: {
        subject: '이메일 주소를 인증해 주세요',
        lines: [
          '이 이메일 주소로 {app} 회원가입 신청이 있었습니다. 본인이 신청했다면 1시간 안에 가입할 때 정한 비밀번호를 입력해 인증해 주세요.',
          '본인이 신청하지 않았다면 이 메일을 무시하셔도 됩니다. 이 링크로 인증하지 않으면 아무도 이 주소로 로그인할 수 없습니다.',
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
          'Somebody registered again at {app} with this address, which was never confirmed. So that only you decide on the password, set it here within an hour.',
          'If it was not you, do nothing.',
        ],
      },
      ko: {
        subject: '비밀번호를 설정해 주세요',
        lines: [
          '이 이메일 주소로 {app} 회원가입 신청이 다시 있었습니다. 아직 인증하지 않은 주소이므로, 다른 사람이 비밀번호를 정하지 못하도록 1시간 안에 직접 비밀번호를 설정해 주세요.',
          '본인이 신청하지 않았다면 이 메일을 무시하셔도 됩니다.',
        ],
      },
    },
    link: { path: '/reset', label: { en: 'Set my password', ko: '비밀번호 설정' } },
  },
} satisfies Record<string, Mail>
