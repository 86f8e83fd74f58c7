import type { Events } from '../events/declaration.ts'

export const events = {
  account_deleted: { says: { en: 'Account deleted', ko: '계정 삭제' }, type: 'user.deleted' },
  users_exported: { says: { en: 'Users exported', ko: '사용자 내보내기' } },
  users_imported: { says: { en: 'Users imported', ko: '사용자 가져오기' } },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    users: typeof events
  }
}
