import type { Mail } from '../../core/mail/compose.ts'
import { TICKET_SECONDS } from '../../core/ticket.ts'

/** The subject does not contain the code, because locked screens show subjects. */
export const mails = {
  code: {
    kind: 'login_code',
    words: {
      en: {
        subject: 'Your code to sign in',
        lines: [
          'Here is your code to sign in to {app}. Enter it within ten minutes where you began. In that browser, you can open the link instead.',
          'Never pass the code on, not even to somebody who claims to work for {app}. Enter it only at {app}, and only if you have just begun to sign in.',
          'If it was not you, do nothing: without this code nobody gets in.',
        ],
      },
      ko: {
        subject: '로그인 인증 코드',
        lines: [
          '{app} 로그인 인증 코드를 보내 드립니다. 10분 안에 로그인을 시작한 화면에 입력해 주세요. 같은 브라우저에서는 링크를 열어도 됩니다.',
          '누구에게도 코드를 알려 주지 마세요. {app} 직원이라고 해도 마찬가지입니다. 방금 직접 로그인을 시작했을 때만 {app}에 입력해 주세요.',
          '본인이 요청하지 않았다면 이 메일을 무시하셔도 됩니다. 코드가 없으면 아무도 로그인할 수 없습니다.',
        ],
      },
    },
    details: true,
    link: { path: '/login/code/verify', label: { en: 'Sign in', ko: '로그인' }, seconds: TICKET_SECONDS },
  },
  codeToRegister: {
    kind: 'login_code_register',
    words: {
      en: {
        subject: 'Your code to create an account',
        lines: [
          'Here is your code to create an account at {app}. Enter it within ten minutes where you began. In that browser, you can open the link instead.',
          'Never pass the code on, not even to somebody who claims to work for {app}.',
          'If it was not you, do nothing: without this code no account is created.',
        ],
      },
      ko: {
        subject: '회원가입 인증 코드',
        lines: [
          '{app} 회원가입 인증 코드를 보내 드립니다. 10분 안에 가입을 시작한 화면에 입력해 주세요. 같은 브라우저에서는 링크를 열어도 됩니다.',
          '누구에게도 코드를 알려 주지 마세요. {app} 직원이라고 해도 마찬가지입니다.',
          '본인이 요청하지 않았다면 이 메일을 무시하셔도 됩니다. 코드를 입력하지 않으면 계정이 만들어지지 않습니다.',
        ],
      },
    },
    details: true,
    link: { path: '/login/code/verify', label: { en: 'Create my account', ko: '회원가입' }, seconds: TICKET_SECONDS },
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    code: typeof mails
  }
}
