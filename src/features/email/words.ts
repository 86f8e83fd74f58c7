import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  verify: { en: 'Confirm my email address', ko: '이메일 주소 인증' },
  verifyHow: {
    en: 'Enter your password. If you did not ask for this, close the page: nothing will change.',
    ko: '계정의 비밀번호를 입력해 주세요. 본인이 요청하지 않았다면 이 페이지를 닫아 주세요. 아무것도 변경되지 않습니다.',
  },
  verifySignedIn: {
    en: 'The account has no password, so you must be signed in to it in this browser. If you did not ask for this, close the page: nothing will change.',
    ko: '비밀번호가 없는 계정이므로, 이 브라우저에서 그 계정으로 로그인되어 있어야 합니다. 본인이 요청하지 않았다면 이 페이지를 닫아 주세요. 아무것도 변경되지 않습니다.',
  },
  verifyAgain: {
    en: 'When you sign in, a new link is mailed if your address is still to be confirmed. A change of address starts again on your account page.',
    ko: '아직 인증하지 않은 주소라면 로그인을 시도할 때 새 인증 링크를 보내 드립니다. 이메일 주소 변경은 내 계정에서 다시 요청할 수 있습니다.',
  },
  cancelLate: {
    en: 'If your address was changed already, the mail that tells you so has a link to undo it.',
    ko: '주소가 이미 변경되었다면, 변경을 알리는 메일의 링크로 되돌릴 수 있습니다.',
  },
  cancelChange: { en: 'Keep my email address', ko: '이메일 주소 변경 취소' },
  cancelChangeHow: {
    en: 'This cancels the change of your email address. Everything else stays as it is.',
    ko: '이메일 주소 변경만 취소되며, 그 밖의 설정은 그대로 유지됩니다.',
  },
  mailLink: { en: 'Send the link', ko: '인증 링크 받기' },
  newEmail: { en: 'New email address', ko: '새 이메일 주소' },
  currentEmail: { en: 'Current email address:', ko: '현재 이메일 주소:' },
  pendingEmail: { en: 'New email address, not confirmed yet', ko: '인증 대기 중인 새 이메일 주소' },
  pendingUntil: { en: 'The mailed link works until', ko: '링크 유효 기한:' },
  cancelPending: { en: 'Cancel the change', ko: '변경 취소' },
  changeAgain: {
    en: 'Send the link again, or to another address:',
    ko: '링크를 다시 받거나 다른 주소로 변경할 수 있습니다.',
  },
  changeHow: {
    en: 'We will send a link to the new address. Nothing changes until you open it and confirm. Then you sign in again.',
    ko: '새 이메일 주소로 인증 링크를 보내 드립니다. 링크를 열어 인증하면 주소가 변경되고, 다시 로그인해야 합니다.',
  },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  verified: {
    en: 'Your email address is confirmed. Please sign in.',
    ko: '이메일 주소를 인증했습니다. 로그인해 주세요.',
  },
  cancelled: {
    en: 'The change is cancelled. If you did not ask for it, somebody knows your password: reset it now.',
    ko: '이메일 주소 변경을 취소했습니다. 본인이 요청하지 않았다면 다른 사람이 비밀번호를 알고 있다는 뜻입니다. 지금 바로 비밀번호를 재설정해 주세요.',
  },
  resent: {
    en: 'If the address waits to be confirmed, a link is on its way. Open it to finish.',
    ko: '인증 대기 중인 주소라면 인증 링크가 곧 도착합니다. 메일의 링크를 열어 인증을 완료해 주세요.',
  },
  address_kept: {
    en: 'The change of your email address is cancelled.',
    ko: '이메일 주소 변경을 취소했습니다.',
  },
  email: {
    en: 'We sent a link to the new address. Open it to finish the change.',
    ko: '새 이메일 주소로 링크를 보냈습니다. 링크를 열어 인증하면 변경이 완료됩니다.',
  },
} satisfies Record<string, Translated>
