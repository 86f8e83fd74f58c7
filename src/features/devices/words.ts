import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  devices: { en: 'Known devices', ko: '등록된 기기' },
  devicesAre: {
    en: 'They can still sign in while somebody else is guessing your password.',
    ko: '다른 사람이 내 비밀번호를 알아내려고 계속 시도하더라도 등록된 기기에서는 로그인할 수 있습니다.',
  },
  noDevices: { en: 'No device is known yet.', ko: '등록된 기기가 없습니다.' },
  forget: { en: 'Forget', ko: '삭제' },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  device: { en: 'The device is forgotten.', ko: '기기를 삭제했습니다.' },
} satisfies Record<string, Translated>
