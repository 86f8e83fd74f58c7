import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  users: { en: 'Users', ko: '사용자' },
  audit: { en: 'Audit trail', ko: '감사 로그' },
  applications: { en: 'Applications', ko: '애플리케이션' },
  registerClient: { en: 'Register an application', ko: '애플리케이션 등록' },
  registerHint: {
    en: 'Several are parted by spaces. Each is compared exactly.',
    ko: '여러 개는 공백으로 구분해 주세요. 정확히 일치하는 주소만 허용합니다.',
  },
  publicHint: {
    en: 'Runs in a browser or on a phone, and can keep no secret',
    ko: '브라우저나 휴대폰에서 실행되어 시크릿을 안전하게 보관할 수 없음',
  },
  thirdPartyHint: {
    en: 'Belongs to somebody else: users are asked for their consent',
    ko: '외부에서 운영하는 애플리케이션: 사용자에게 동의를 받음',
  },
  clientId: { en: 'Client ID', ko: '클라이언트 ID' },
  clientSecret: { en: 'Client secret', ko: '클라이언트 시크릿' },
  isPublic: { en: 'No secret', ko: '시크릿 없음' },
  isThirdParty: { en: 'Third party', ko: '외부' },
  secretIs: {
    en: 'Copy the secret now. It is not shown again.',
    ko: '시크릿은 지금만 볼 수 있으니 바로 복사해 두세요.',
  },
  rotateSecret: { en: 'New secret', ko: '시크릿 재발급' },
  deleteClient: { en: 'Delete this application', ko: '애플리케이션 삭제' },
  deleteClientMeans: {
    en: 'Nobody can sign in to it with an account here any more, and all its sessions end.',
    ko: '더 이상 이 서비스의 계정으로 로그인할 수 없으며, 이 애플리케이션의 모든 세션이 종료됩니다.',
  },
  statistics: { en: 'Statistics', ko: '통계' },
  search: { en: 'Search', ko: '검색' },
  next: { en: 'Next page', ko: '다음 페이지' },
  nothing: { en: 'Nothing was found.', ko: '검색 결과가 없습니다.' },
  disabled: { en: 'Disabled', ko: '사용 중지됨' },
  unverified: { en: 'Not confirmed', ko: '미인증' },
  verified: { en: 'Confirmed', ko: '인증됨' },
  noPassword: { en: 'no password', ko: '비밀번호 없음' },
  created: { en: 'Created', ko: '가입일' },
  liveSessions: { en: 'Sessions', ko: '세션' },
  roles: { en: 'Roles', ko: '역할' },
  adminMay: { en: 'may do everything here', ko: '모든 작업 가능' },
  supportMay: {
    en: 'reads everything about users, signs them out and sends mails again',
    ko: '사용자 정보 조회, 로그아웃, 메일 재발송 가능',
  },
  rolesHint: {
    en: 'Parted by spaces. Small letters, digits, - and _; at most 32 characters, of which the first is a letter.',
    ko: '여러 개는 공백으로 구분해 주세요. 영문 소문자로 시작하는 32자 이내의 이름이며, 영문 소문자, 숫자, 하이픈(-), 밑줄(_)만 쓸 수 있습니다.',
  },
  userNumber: { en: 'User number', ko: '사용자 번호' },
  allEvents: { en: 'All events', ko: '모든 이벤트' },
  asCsv: { en: 'Export as CSV', ko: 'CSV로 내보내기' },
  asJsonLines: { en: 'Export as JSON lines', ko: 'JSON Lines로 내보내기' },
  mailAgain: { en: 'Send the confirmation again', ko: '인증 메일 다시 보내기' },
  by: { en: 'by', ko: '처리자:' },
  loginsByDay: { en: 'Sign-ins of the last 30 days', ko: '최근 30일 로그인' },
  logins: { en: 'Succeeded', ko: '성공' },
  failures: { en: 'Failed', ko: '실패' },
  day: { en: 'Day', ko: '날짜' },
  asTable: { en: 'The same as a table', ko: '표로 보기' },
  highest: { en: 'highest bar:', ko: '최댓값:' },
  factors: { en: 'Factors and connected accounts', ko: '인증 수단과 연결된 계정' },
  factorAdded: { en: 'Added', ko: '등록일' },
  factorUsed: { en: 'Last used', ko: '최근 사용' },
  recoveryCodesLeft: { en: 'Recovery codes left', ko: '남은 복구 코드' },
  removeFactor: { en: 'Remove from the account', ko: '계정에서 삭제' },
  removeFactorMeans: {
    en: 'Every session ends, and a mail tells the user. Make sure that the person who asks for this is the user.',
    ko: '모든 세션이 종료되고 사용자에게 메일로 알립니다. 요청한 사람이 본인인지 먼저 확인해 주세요.',
  },
  disable: { en: 'Disable', ko: '사용 중지' },
  enable: { en: 'Enable', ko: '사용 중지 해제' },
  forceReset: { en: 'Force a new password', ko: '비밀번호 초기화' },
  setRoles: { en: 'Set roles', ko: '역할 변경' },
  unlock: { en: 'Unlock', ko: '잠금 해제' },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  changed: {
    en: 'Done. The audit trail has what was changed.',
    ko: '처리했습니다. 변경 내용은 감사 로그에서 확인할 수 있습니다.',
  },
} satisfies Record<string, Translated>

/** Labels of fields, by their names in forms. */
export const labels = {
  user: { en: 'User: address or number', ko: '사용자(이메일 주소 또는 번호)' },
  actor: { en: 'Done by: address or number', ko: '처리자(이메일 주소 또는 번호)' },
  from: { en: 'First day (UTC)', ko: '시작일(UTC)' },
  to: { en: 'Last day (UTC)', ko: '종료일(UTC)' },
  redirect_uris: { en: 'Redirect addresses', ko: '리디렉션 주소' },
  post_logout_redirect_uris: { en: 'Addresses after signing out', ko: '로그아웃 후 이동할 주소' },
  backchannel_logout_uri: { en: 'Address for back-channel logout', ko: '백채널 로그아웃 주소' },
  scope: { en: 'Scope', ko: '스코프' },
  event: { en: 'Event', ko: '이벤트' },
  roles: { en: 'Other roles', ko: '다른 역할' },
} satisfies Record<string, Translated>
