import type { Events } from '../events/declaration.ts'

export const events = {
  login_failed: {
    says: { en: 'Sign-in failed', ko: '로그인 실패' },
    reasons: {
      account_disabled: { en: 'account disabled', ko: '사용 중지된 계정' },
      email_not_verified: { en: 'address not confirmed', ko: '이메일 주소 미인증' },
      unknown_email: { en: 'unknown address', ko: '가입되지 않은 주소' },
      unknown_passkey: { en: 'unknown passkey', ko: '등록되지 않은 패스키' },
      unreadable_hash: { en: 'stored hash not readable', ko: '저장된 해시를 읽을 수 없음' },
      wrong_code: { en: 'wrong code', ko: '잘못된 코드' },
      wrong_passkey: { en: 'wrong passkey', ko: '잘못된 패스키' },
      wrong_password: { en: 'wrong password', ko: '잘못된 비밀번호' },
    },
  },
  login_succeeded: { says: { en: 'Signed in', ko: '로그인' } },
  logged_out: { says: { en: 'Signed out', ko: '로그아웃' } },
  refresh_token_replayed: {
    says: { en: 'Refresh token used twice', ko: '리프레시 토큰 재사용 감지' },
    type: 'session.reused',
  },
  sessions_revoked: { says: { en: 'All sessions ended', ko: '모든 세션 종료' }, type: 'sessions.revoked' },
} as const satisfies Events

declare module '../events/audit.ts' {
  interface Declared {
    sessions: typeof events
  }
}
