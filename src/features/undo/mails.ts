import type { Mail } from '../../core/mail/compose.ts'
import { forgotPage } from '../../core/users/factor-mails.ts'
import { newDevice } from '../../signing-in/new-device.ts'

export const mails = {
  newDevice,
  undone: {
    kind: 'undone',
    words: {
      en: {
        subject: 'A change to your account was undone',
        lines: [
          'With a link from one of our mails, a change to your account at {app} was undone. All devices were signed out, and the password no longer works.',
          'To sign in again, ask for a new password.',
        ],
      },
      ko: {
        subject: '계정 변경이 취소되었습니다',
        lines: [
          '메일로 보내 드린 링크로 {app} 계정의 변경이 취소되었습니다. 모든 기기에서 로그아웃되었으며, 기존 비밀번호는 더 이상 사용할 수 없습니다.',
          '다시 로그인하려면 비밀번호를 재설정해 주세요.',
        ],
      },
    },
    details: true,
    link: forgotPage,
  },
  addressReturned: {
    kind: 'address_returned',
    words: {
      en: {
        subject: 'Your account has its previous address again',
        lines: [
          'The account at {app} that had this address has its previous address again: the change was undone with a link that was mailed there. All devices were signed out.',
          'If the account is yours, and you cannot read the mail of that address, tell the operator of {app}.',
        ],
      },
      ko: {
        subject: '계정이 이전 이메일 주소로 되돌아갔습니다',
        lines: [
          '이 주소를 사용하던 {app} 계정이 이전 이메일 주소로 되돌아갔습니다. 이전 주소로 보낸 메일의 링크로 변경이 취소되었으며, 모든 기기에서 로그아웃되었습니다.',
          '본인의 계정인데 이전 주소의 메일을 확인할 수 없다면 {app} 운영자에게 알려 주세요.',
        ],
      },
    },
    details: true,
  },
} as const satisfies Record<string, Mail>

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    undo: typeof mails
  }
}
