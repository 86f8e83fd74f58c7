import { phrases, type Translated } from '../../lib/language.ts'

export const words = phrases({
  devices: { en: 'Devices', ko: '기기' },
  manageDevices: { en: 'Manage devices', ko: '기기 관리' },
  devicesAre: { en: 'Where you are signed in, or were before.', ko: '로그인 중이거나 로그인한 적이 있는 기기입니다.' },
  unknown: {
    en: 'If you do not recognise a device, sign it out, forget it, and change your password.',
    ko: '모르는 기기가 있으면 로그아웃하고 삭제한 뒤 비밀번호를 변경해 주세요.',
  },
  forgetMeans: {
    en: 'A known device can still sign in while somebody else is guessing your password. Forgetting it does not sign it out.',
    ko: '다른 사람이 내 비밀번호를 알아내려고 계속 시도하더라도 등록된 기기에서는 로그인할 수 있습니다. 기기를 삭제해도 로그아웃되지는 않습니다.',
  },
  notWhole: { en: 'Known devices cannot be shown right now.', ko: '등록된 기기는 지금 불러올 수 없습니다.' },
  thisDevice: { en: 'This device', ko: '이 기기' },
  signedInHere: { en: 'Signed in', ko: '로그인 중' },
  endOthers: { en: 'Sign out everywhere else', ko: '다른 모든 기기에서 로그아웃' },
  forget: { en: 'Forget', ko: '삭제' },
  forgetAll: { en: 'Forget all devices', ko: '모든 기기 삭제' },
})

/** What the user has just done, for `?done=` after a redirect. */
export const done = {
  device: {
    en: 'Forgotten. It counts as new when it signs in again.',
    ko: '기기를 삭제했습니다. 다시 로그인하면 새 기기로 처리됩니다.',
  },
} satisfies Record<string, Translated>
