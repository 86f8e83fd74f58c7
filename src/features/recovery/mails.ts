import type { Mail } from '../../core/mail/compose.ts'
import { forgotPage } from '../../core/users/factor-mails.ts'
import { CODES } from '../../core/users/recovery-codes.ts'

const reset = {
  en: 'If it was not you, set a new password, then make new codes on the page of your account.',
  ko: '본인이 아니라면 비밀번호를 재설정하고, 내 계정 페이지에서 복구 코드를 새로 만들어 주세요.',
}

/** A mail has no numbers to fill in, so there is one for each number of codes that are left. */
export const usedMail = (left: number) =>
  ({
    kind: `recovery_used_${left}`,
    details: true,
    link: forgotPage,
    words: {
      en: {
        subject: 'A recovery code was used',
        lines: [
          'A recovery code was used to sign in to your account at {app}.',
          left === 0 ? 'It was the last one. Make new codes on the page of your account.' : `${numberOf(left)} left.`,
          reset.en,
        ],
      },
      ko: {
        subject: '복구 코드가 사용되었습니다',
        lines: [
          '복구 코드를 사용해 {app} 계정에 로그인했습니다.',
          left === 0
            ? '남은 복구 코드가 없습니다. 내 계정 페이지에서 새로 만들어 주세요.'
            : `남은 복구 코드는 ${left}개입니다.`,
          reset.ko,
        ],
      },
    },
  }) as const satisfies Mail

const numberOf = (left: number): string => (left === 1 ? 'One code is' : `${left} codes are`)

const renewed = {
  kind: 'recovery_renewed',
  details: true,
  link: forgotPage,
  words: {
    en: {
      subject: 'New recovery codes were made',
      lines: ['New recovery codes were made for your account at {app}. The old ones are void.', reset.en],
    },
    ko: {
      subject: '복구 코드를 새로 만들었습니다',
      lines: ['{app} 계정의 복구 코드를 새로 만들었습니다. 이전 코드는 더 이상 사용할 수 없습니다.', reset.ko],
    },
  },
} as const satisfies Mail

export const mails = {
  renewed,
  ...Object.fromEntries(Array.from({ length: CODES }, (_, left) => [`used${left}`, usedMail(left)])),
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    recovery: typeof mails
  }
}
