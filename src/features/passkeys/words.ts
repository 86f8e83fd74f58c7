import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  signInWith: { en: 'Sign in with a passkey', ko: '패스키로 로그인' },
  confirmWith: { en: 'Confirm with a passkey', ko: '패스키로 확인' },
  setUp: { en: 'Set up a passkey', ko: '패스키 등록' },
  cancelled: {
    en: 'This was cancelled, or took too long. You can try again or choose another way.',
    ko: '취소되었거나 시간이 초과되었습니다. 다시 시도하거나 다른 방법을 이용해 주세요.',
  },
  known: {
    en: 'This device already has a passkey for your account.',
    ko: '이 기기에는 이미 이 계정의 패스키가 있습니다.',
  },
  elsewhere: {
    en: 'Passkeys do not work at this address. Open the page under its usual name, not by an IP address.',
    ko: '이 주소에서는 패스키를 사용할 수 없습니다. IP 주소 대신 서비스의 원래 주소로 접속해 주세요.',
  },
  failed: {
    en: 'The passkey could not be used. You can try again or choose another way.',
    ko: '패스키를 사용하지 못했습니다. 다시 시도하거나 다른 방법을 이용해 주세요.',
  },
  without: {
    en: 'Passkeys need JavaScript, a current browser and a secure connection.',
    ko: '패스키를 사용하려면 JavaScript, 최신 브라우저, 보안 연결(HTTPS)이 필요합니다.',
  },
  refused: {
    en: 'This passkey was not accepted. Try another one, or choose another way.',
    ko: '이 패스키로 로그인할 수 없습니다. 다른 패스키를 사용하거나 다른 방법을 이용해 주세요.',
  },
  notVerified: {
    en: 'This passkey is not enough, because your device did not verify that it is you. Turn on its PIN, fingerprint or face recognition, and set up the passkey again.',
    ko: '기기에서 본인 확인을 거치지 않아 이 패스키만으로는 로그인할 수 없습니다. 기기의 PIN, 지문 또는 얼굴 인식을 켜고 패스키를 다시 등록해 주세요.',
  },
  passkeys: { en: 'Passkeys', ko: '패스키' },
  passkey: { en: 'Passkey', ko: '패스키' },
  count: {
    en: (number: string) => (number === '1' ? '1 passkey' : `${number} passkeys`),
    ko: (number: string) => `패스키 ${number}개`,
  },
  confirmFirst: {
    en: 'Confirm that it is you, to change your passkeys',
    ko: '본인 확인 후 패스키 변경하기',
  },
  passkeysAre: {
    en: 'With a passkey you sign in by fingerprint, face or the PIN of your device.',
    ko: '패스키를 등록하면 지문, 얼굴 인식 또는 기기의 PIN으로 로그인할 수 있습니다.',
  },
  noPasskeys: { en: 'You have no passkey yet.', ko: '등록된 패스키가 없습니다.' },
  manage: { en: 'Manage passkeys', ko: '패스키 관리' },
  add: { en: 'Add a passkey', ko: '패스키 등록' },
  change: { en: 'Change', ko: '변경' },
  added: { en: 'Added', ko: '등록' },
  usedLast: { en: 'Last used', ko: '최근 사용' },
  neverUsed: { en: 'Not used yet', ko: '아직 사용하지 않음' },
  rename: { en: 'Rename', ko: '이름 변경' },
  remove: { en: 'Remove this passkey', ko: '이 패스키 삭제' },
  removeMeans: {
    en: 'You will no longer be able to sign in with it. Your password manager may still show it until you delete it there.',
    ko: '삭제하면 이 패스키로 더 이상 로그인할 수 없습니다. 비밀번호 관리자에는 직접 지울 때까지 계속 표시될 수 있습니다.',
  },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  passkey_added: { en: 'The passkey is added.', ko: '패스키를 등록했습니다.' },
  passkey_renamed: { en: 'The passkey has its new name.', ko: '패스키 이름을 변경했습니다.' },
  passkey_removed: { en: 'The passkey is removed.', ko: '패스키를 삭제했습니다.' },
} satisfies Record<string, Translated>
