import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  data: { en: 'Your data', ko: '내 정보 내보내기' },
  dataIs: {
    en: 'Everything that is held about you, as a JSON file.',
    ko: '이 서비스에 저장된 내 정보를 JSON 파일로 모두 내려받을 수 있습니다.',
  },
  download: { en: 'Download', ko: '다운로드' },
  leave: { en: 'Leave', ko: '회원 탈퇴' },
  deleteMeans: {
    en: 'Your account, its sessions and its data are deleted at once, and this cannot be undone. A record of past sign-ins is kept for a time under a number, without your address.',
    ko: '계정과 데이터가 즉시 삭제되고 모든 기기에서 로그아웃됩니다. 삭제한 계정은 복구할 수 없습니다. 지난 로그인 기록은 이메일 주소 없이 사용자 번호로만 일정 기간 보관됩니다.',
  },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  deleted: { en: 'Your account is deleted.', ko: '계정을 삭제했습니다.' },
} satisfies Record<string, Translated>
