import type { Mail } from '../../core/mail/compose.ts'

export const mails = {
  sessionReplayed: {
    kind: 'session_replayed',
    words: {
      en: {
        subject: 'We signed a device out',
        lines: [
          'A key of one of your sessions at {app} was used a second time, from another device or network. It may have been copied, so that session was ended.',
          'Sign in again. If you see something strange, change your password.',
        ],
      },
      ko: {
        subject: '기기 한 대에서 로그아웃했습니다',
        lines: [
          '{app} 계정에 로그인한 기기의 인증 정보가 다른 기기나 네트워크에서 다시 사용되었습니다. 인증 정보가 복제되었을 수 있어 해당 기기에서 로그아웃했습니다.',
          '다시 로그인해 주세요. 의심스러운 점이 있으면 비밀번호를 변경해 주세요.',
        ],
      },
    },
  },
} satisfies Record<string, Mail>
