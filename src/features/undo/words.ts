import type { Undoable } from '../../core/users/undo.ts'
import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  title: { en: 'Was this not you?', ko: '본인이 아니신가요?' },
  ifYou: {
    en: 'If it was you, close this page: nothing will change.',
    ko: '본인이라면 이 페이지를 닫아 주세요. 아무것도 변경되지 않습니다.',
  },
  ifNot: { en: 'If it was not you, undo it:', ko: '본인이 아니라면 취소해 주세요. 취소하면 다음과 같이 됩니다.' },
  ends: {
    en: 'All devices are signed out, and changes that wait for a confirmation are cancelled.',
    ko: '모든 기기에서 로그아웃되고, 인증 대기 중인 변경 요청도 취소됩니다.',
  },
  restores: {
    en: 'The account gets back the address that this link was mailed to.',
    ko: '계정의 이메일 주소가 이 링크를 받은 주소로 되돌아갑니다.',
  },
  removes: {
    en: 'What was added to sign in with since then, such as a second factor or a connected account, is removed.',
    ko: '그 이후에 등록된 인증 수단은 삭제되고, 연결된 다른 서비스 계정은 연결이 해제됩니다.',
  },
  asksNoMore: {
    en: 'Signing in no longer asks for a second factor: that was turned on since then.',
    ko: '그 이후에 켜진 2단계 인증이 꺼집니다.',
  },
  resets: {
    en: 'The password no longer works. You set a new one with a link that we mail to you.',
    ko: '기존 비밀번호는 더 이상 사용할 수 없습니다. 메일로 보내 드리는 링크에서 새 비밀번호를 설정합니다.',
  },
  stays: {
    en: 'A second factor was added more than 24 hours ago, so it stays. If it is not yours, ask the operator to remove it.',
    ko: '등록한 지 24시간이 지난 인증 수단은 삭제되지 않습니다. 본인이 등록하지 않았다면 운영자에게 삭제를 요청해 주세요.',
  },
  isGone: {
    en: 'What was removed does not come back. Add it again after you have signed in.',
    ko: '삭제된 인증 수단이나 해제된 연결은 복구되지 않습니다. 로그인한 뒤 다시 등록하거나 연결해 주세요.',
  },
  submit: { en: 'This was not me: undo it', ko: '본인이 아닙니다. 취소하기' },
})

/** What happened, in the sentence that opens the page. */
export const reported: Record<Undoable, Translated> = {
  new_device: { en: 'Your account was used to sign in on a new device.', ko: '새 기기에서 계정에 로그인했습니다.' },
  password_changed: { en: 'The password of your account was changed.', ko: '계정의 비밀번호가 변경되었습니다.' },
  password_removed: { en: 'The password of your account was removed.', ko: '계정의 비밀번호가 삭제되었습니다.' },
  email_changed: { en: 'The email address of your account was changed.', ko: '계정의 이메일 주소가 변경되었습니다.' },
  factor_added: {
    en: 'A second factor was added to your account, or another account was connected with it.',
    ko: '계정에 인증 수단이 등록되었거나 다른 서비스 계정이 연결되었습니다.',
  },
  factor_removed: {
    en: 'A second factor was removed from your account, or another account was disconnected from it.',
    ko: '계정에서 인증 수단이 삭제되었거나 다른 서비스 계정의 연결이 해제되었습니다.',
  },
  second_factor_off: {
    en: 'Your account was set to ask for no second factor any more.',
    ko: '계정의 2단계 인증이 꺼졌습니다.',
  },
}

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  undone: {
    en: 'It is undone, and all devices are signed out. Now set a new password.',
    ko: '취소되었으며, 모든 기기에서 로그아웃되었습니다. 이제 새 비밀번호를 설정해 주세요.',
  },
  undone_but_factor: {
    en: `All devices are signed out. Now set a new password. ${words.en.stays}`,
    ko: `모든 기기에서 로그아웃되었습니다. 이제 새 비밀번호를 설정해 주세요. ${words.ko.stays}`,
  },
} satisfies Record<string, Translated>
