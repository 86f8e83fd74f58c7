import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  noName: { en: 'None', ko: '없음' },
  changeName: { en: 'Change name', ko: '이름 변경' },
  nameIs: {
    en: 'Applications that you sign in to with this account may show it. Leave it empty to have none.',
    ko: '이 계정으로 로그인한 애플리케이션에 표시될 수 있는 이름입니다. 비워 두면 이름을 사용하지 않습니다.',
  },
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
  named: { en: 'Your name is changed.', ko: '이름을 변경했습니다.' },
  deleted: { en: 'Your account is deleted.', ko: '계정을 삭제했습니다.' },
} satisfies Record<string, Translated>
