import type { Events } from '../../core/events/declaration.ts'

export const events = {
  account_unlocked: { says: { en: 'Account unlocked', ko: '계정 잠금 해제' } },
  audit_exported: { says: { en: 'Audit trail exported', ko: '감사 로그 내보내기' } },
  factors_removed: { says: { en: 'Factors removed', ko: '인증 수단 삭제' }, type: 'factors.removed' },
  reset_forced: { says: { en: 'New password forced', ko: '비밀번호 초기화' }, type: 'password.reset_forced' },
  roles_changed: { says: { en: 'Roles changed', ko: '역할 변경' }, type: 'user.roles_changed' },
  user_created: { says: { en: 'Account created by an operator', ko: '운영자가 계정 생성' }, type: 'user.created' },
  user_disabled: { says: { en: 'Account disabled', ko: '계정 사용 중지' }, type: 'user.disabled' },
  user_enabled: { says: { en: 'Account enabled', ko: '계정 사용 중지 해제' }, type: 'user.enabled' },
  user_invited: { says: { en: 'Invitation sent again', ko: '초대 메일 재발송' } },
} as const satisfies Events

declare module '../../core/events/audit.ts' {
  interface Declared {
    admin: typeof events
  }
}
