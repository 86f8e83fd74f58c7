import * as v from 'valibot'
import { type Chapter, type Held, type Pages, seconds, text } from '../../openapi.ts'
import { undoable } from '../../core/users/undo.ts'

export const chapter: Chapter = {
  title: { en: 'Undoing a change', ko: '계정 변경 취소' },
  operations: {
    'POST /user/undo': {
      summary: {
        en: 'Undo a change with the token of the notice that told of it',
        ko: '알림 메일의 토큰으로 계정 변경 취소',
      },
      description: {
        en:
          'Works without signing in, once, within seven days. Every session ends, pending changes and mailed links are void, ' +
          'and so is the password. The account gets back the address that the notice was mailed to, and loses the second ' +
          'factors that were added since, unless that was more than 24 hours ago. In the same way, it stops asking for one if ' +
          'that was turned on since. Identities that were connected since go in any case. Recovery codes that were made since are void. Nobody is signed in: send the person to ' +
          '`POST /user/password/forgot` next.',
        ko:
          '로그인하지 않아도 되며, 7일 안에 한 번만 쓸 수 있습니다. 모든 세션이 종료되고 대기 중인 변경과 메일로 보낸 링크, 비밀번호가 ' +
          '모두 무효가 됩니다. 계정의 이메일 주소는 알림 메일을 받은 주소로 되돌아가고, 그 이후에 등록된 인증 수단은 등록한 지 ' +
          '24시간이 지나지 않았으면 삭제됩니다. 그 이후에 켜진 2단계 인증도 24시간이 지나지 않았으면 꺼지고, 그 이후에 연결된 ' +
          '다른 서비스 계정은 24시간이 지났더라도 연결이 해제되며, 그 이후에 만든 복구 코드는 무효가 됩니다. 로그인되지는 않으므로 이어서 `POST /user/password/forgot`으로 비밀번호를 재설정하게 합니다.',
      },
      body: { token: 'q3mYV1yBcVYvZ0Wz2b4F8n7uQ5rT9xK1sL6dH0jE3gA' },
      answers: {
        200: {
          description: 'What was undone besides sessions and the password.',
          schema: v.strictObject({
            email_restored: v.pipe(v.boolean(), v.description('The account has its previous address again.')),
            factors_removed: v.pipe(v.number(), v.integer(), v.description('How many second factors were removed.')),
            factor_stays: v.pipe(
              v.boolean(),
              v.description('One was added since, but more than 24 hours ago. An administrator can remove it.'),
            ),
          }),
          example: { email_restored: true, factors_removed: 0, factor_stays: false },
        },
      },
      problems: ['invalid_one_time_token', 'account_disabled', 'email_taken'],
    },
  },
}

export const pages: Pages = {
  'GET /undo': {
    answer: {
      en: '200: what the link in a notice opens: what would be undone; nothing happens until its form is sent',
      ko: '200: 알림 메일의 링크로 여는 페이지, 무엇이 취소되는지 안내하며 폼을 제출하기 전에는 아무것도 바뀌지 않음',
    },
  },
  'POST /undo': {
    answer: {
      en: '303 to `/forgot`, where the person asks for a new password; else the reason why nothing was undone',
      ko: '비밀번호를 재설정할 수 있는 `/forgot`으로 303. 실패하면 취소하지 못한 이유를 표시',
    },
  },
}

export const held: Held = {
  undos: {
    schema: v.array(
      v.strictObject({ what: v.picklist(undoable), email: text, created_at: seconds, expires_at: seconds }),
    ),
    example: [{ what: 'password_changed', email: 'ann@example.com', created_at: 1795000000, expires_at: 1795604800 }],
  },
}
