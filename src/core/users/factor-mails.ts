import type { Translated } from '../../lib/language.ts'

/** What a notice about a new factor goes on to say, before the link that undoes it. */
export const ifNotAdded: Translated = {
  en: 'If it was you, there is nothing to do. If not, tell us within 24 hours: it is removed again, all devices are signed out, and you set a new password.',
  ko: '본인이 등록했다면 아무것도 하지 않으셔도 됩니다. 본인이 아니라면 24시간 안에 알려 주세요. 등록이 취소되고 모든 기기에서 로그아웃되며, 비밀번호를 새로 설정할 수 있습니다.',
}

/** The same for a factor that is gone. It does not come back. */
export const ifNotRemoved: Translated = {
  en: 'If it was you, there is nothing to do. If not, tell us within seven days: all devices are signed out, and you set a new password. Then add it again.',
  ko: '본인이 삭제했다면 아무것도 하지 않으셔도 됩니다. 본인이 아니라면 7일 안에 알려 주세요. 모든 기기에서 로그아웃되고 비밀번호를 새로 설정할 수 있습니다. 그런 다음 다시 등록해 주세요.',
}
