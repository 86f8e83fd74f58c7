import { type Chapter, done } from '../../openapi.ts'
import { params } from './openapi-shapes.ts'

export const invitationOperations: Chapter['operations'] = {
  'POST /admin/users/:id/invite': {
    summary: { en: 'Send an invitation again', ko: '초대 메일 다시 보내기' },
    description: {
      en: 'The link that was mailed before is void. It also invites a user who was imported without a password. Whoever has used the account is not invited. 20 a day for one user.',
      ko: '이전에 보낸 링크는 무효가 됩니다. 비밀번호 없이 가져온 사용자도 초대할 수 있습니다. 이미 사용 중인 계정에는 보내지 않습니다. 한 사용자에게 하루 20번까지 보낼 수 있습니다.',
    },
    params,
    answers: done('The mail is on its way.'),
    problems: ['not_found', 'not_invited'],
  },
  'DELETE /admin/users/:id/invite': {
    summary: { en: 'Withdraw an invitation', ko: '초대 취소' },
    description: {
      en: 'Deletes the account, which nobody has used yet.',
      ko: '아직 아무도 사용하지 않은 이 계정을 삭제합니다.',
    },
    params,
    answers: done('The account is gone.'),
    problems: ['not_found', 'not_invited'],
  },
}
