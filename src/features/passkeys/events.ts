import type { Events } from '../../core/events/declaration.ts'

export const events = {
  passkey_added: { says: { en: 'Passkey added', ko: '패스키 등록' }, type: 'passkey.added' },
  passkey_renamed: { says: { en: 'Passkey renamed', ko: '패스키 이름 변경' } },
  passkey_removed: { says: { en: 'Passkey removed', ko: '패스키 삭제' }, type: 'passkey.removed' },
  /** The counter went back. With a reason, the passkey is synced between devices, and the sign-in was accepted. */
  passkey_copied: {
    says: { en: 'Passkey may have been copied', ko: '패스키 복제 의심' },
    type: 'passkey.copied',
    reasons: { synced: { en: 'synced between devices, accepted', ko: '기기 간 동기화, 로그인 허용' } },
  },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    passkeys: typeof events
  }
}
