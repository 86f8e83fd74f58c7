import * as v from 'valibot'
import { type Chapter, done, seconds, text } from '../../openapi.ts'
import { auditOperations } from './openapi-audit.ts'
import { clientOperations } from './openapi-clients.ts'
import { invitationOperations } from './openapi-invitations.ts'
import { ann, annInDetail, created_at, details, factor, next, params, user } from './openapi-shapes.ts'

export { pages } from './openapi-console.ts'

export const chapter: Chapter = {
  title: { en: 'Administration', ko: '관리자' },
  operations: {
    'GET /admin/users': {
      summary: { en: 'List users', ko: '사용자 목록' },
      description: {
        en: 'All by id. With `email`, those whose address begins so, by address, or those of a domain (`@example.com`). With `role`, those who have it. With `factor`, those who have one of this method, `any` second factor, or `none`. With `disabled`, `unverified` or `invited` as `true`, those who are.',
        ko: 'id 순으로 반환합니다. `email`을 지정하면 주소가 그 값으로 시작하는 사용자를 주소순으로, `@example.com`처럼 도메인을 지정하면 그 도메인의 사용자를 반환합니다. `role`은 그 역할이 있는 사용자, `factor`는 그 인증 수단이 있는 사용자(`any`는 2단계 인증 수단이 하나라도 있는 사용자, `none`은 없는 사용자)만 반환합니다. `disabled`, `unverified`, `invited`를 `true`로 지정하면 각각 사용 중지된 사용자, 인증하지 않은 사용자, 초대를 수락하지 않은 사용자만 반환합니다.',
      },
      answers: {
        200: {
          description: 'A page of them.',
          schema: v.strictObject({ users: v.array(v.strictObject(user)), next }),
          example: { users: [ann], next: null },
        },
      },
    },
    'POST /admin/users': {
      summary: { en: 'Make an account', ko: '계정 생성' },
      description: {
        en: 'Without a password, the person is invited: a mailed link sets one, for seven days. With one, a mailed link confirms the address, unless `email_verified` says that it is. `language` is that of the mails.',
        ko: '비밀번호를 지정하지 않으면 초대 메일을 보냅니다. 메일의 링크로 7일 안에 비밀번호를 설정합니다. 지정하면 이메일 인증 링크를 보내며, `email_verified`가 `true`이면 보내지 않습니다. `language`는 메일에 사용할 언어입니다.',
      },
      body: { email: ann.email, roles: ann.roles, language: 'en' },
      answers: { 201: { description: 'Made; `Location` leads to it.', schema: v.strictObject(user), example: ann } },
      problems: ['email_taken', 'overloaded'],
    },
    'GET /admin/users/:id': {
      summary: { en: 'Show a user', ko: '사용자 조회' },
      description: {
        en: 'With the factors and connected accounts, the applications, and the sessions that stand, 100 at most.',
        ko: '인증 수단과 연결된 계정, 애플리케이션, 유효한 세션(최대 100개)도 함께 반환합니다.',
      },
      params,
      answers: {
        200: {
          description: 'The user.',
          schema: details,
          example: annInDetail,
        },
      },
      problems: ['not_found'],
    },
    'DELETE /admin/users/:id': {
      summary: { en: 'Delete an account', ko: '계정 삭제' },
      description: { en: 'Its number is never used again.', ko: '삭제한 계정의 번호는 다시 쓰지 않습니다.' },
      params,
      answers: done('The account is gone.'),
      problems: ['not_found', 'last_admin'],
    },
    'DELETE /admin/users/:id/sessions': {
      summary: { en: 'Sign a user out everywhere', ko: '사용자를 모든 기기에서 로그아웃' },
      params,
      answers: done('Every session has ended.'),
      problems: ['not_found'],
    },
    'GET /admin/users/:id/factors': {
      summary: { en: 'List the second factors of a user', ko: '사용자의 인증 수단 목록' },
      params,
      answers: {
        200: {
          description:
            'The passkeys, authenticator apps and accounts elsewhere that are linked, and how many recovery codes are left.',
          schema: v.strictObject({ factors: v.array(factor), recovery_codes_left: seconds }),
          example: {
            factors: [{ id: 'totp', type: 'totp', name: null, created_at, last_used_at: null }],
            recovery_codes_left: 10,
          },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /admin/users/:id/factors': {
      summary: { en: 'Remove all second factors of a user', ko: '사용자의 인증 수단 모두 삭제' },
      description: {
        en: 'For a user who has lost them. The recovery codes go as well, every session ends, and the user gets a mail.',
        ko: '인증 수단을 분실한 사용자를 위한 기능입니다. 복구 코드도 함께 삭제하고 모든 세션을 종료하며, 사용자에게 메일로 알립니다.',
      },
      params,
      answers: done('None is left.'),
      problems: ['not_found'],
    },
    'DELETE /admin/users/:id/factors/:factor': {
      summary: { en: 'Remove one second factor of a user', ko: '사용자의 인증 수단 하나 삭제' },
      description: {
        en: 'Every session ends, and the user gets a mail. With the last one, the recovery codes go as well.',
        ko: '모든 세션을 종료하고 사용자에게 메일로 알립니다. 마지막 인증 수단이면 복구 코드도 함께 삭제합니다.',
      },
      params: { ...params, factor: ['The `id` of a listed factor.', 'totp'] },
      answers: done('It is removed.'),
      problems: ['not_found'],
    },
    'PUT /admin/users/:id/roles': {
      summary: { en: 'Give a user exactly these roles', ko: '역할 변경' },
      description: {
        en: 'They count from the next request on. Tokens that are out keep the old ones until they expire; the routes here do not look at those.',
        ko: '지정한 역할만 남으며, 다음 요청부터 적용됩니다. 이미 발급한 토큰에는 만료될 때까지 이전 역할이 남지만, 관리자용 라우트는 토큰에 든 역할을 보지 않습니다.',
      },
      params,
      body: { roles: ['editor'] },
      answers: done('The roles are these.'),
      problems: ['not_found', 'last_admin'],
    },
    'POST /admin/users/:id/disable': {
      summary: { en: 'Keep a user from signing in', ko: '계정 사용 중지' },
      description: { en: 'Every session ends.', ko: '모든 세션을 종료하고 로그인을 막습니다.' },
      params,
      answers: done('The account is disabled.'),
      problems: ['not_found', 'last_admin'],
    },
    'POST /admin/users/:id/enable': {
      summary: { en: 'Let a user sign in again', ko: '계정 사용 중지 해제' },
      params,
      answers: done('Enabled.'),
      problems: ['not_found'],
    },
    'POST /admin/users/:id/reset': {
      summary: {
        en: 'Make a password void, and mail a link that sets another',
        ko: '비밀번호를 초기화하고 재설정 링크 발송',
      },
      description: {
        en: 'Sessions and mailed links are void as well. A disabled account gets no mail.',
        ko: '세션과 이미 메일로 보낸 링크도 무효가 됩니다. 사용 중지된 계정에는 메일을 보내지 않습니다.',
      },
      params,
      answers: done('The password is void.'),
      problems: ['not_found'],
    },
    ...invitationOperations,
    'POST /admin/users/:id/unlock': {
      summary: { en: 'Open what failed attempts have closed', ko: '로그인 실패로 잠긴 계정 잠금 해제' },
      description: {
        en: 'Whoever has to wait may try again. Failed passwords of sessions, and the 60 of an hour, stay counted.',
        ko: '더 기다리지 않고 바로 다시 시도할 수 있습니다. 로그인한 세션에서 비밀번호를 틀린 횟수와 1시간 60번 한도의 누적 횟수는 그대로 남습니다.',
      },
      params,
      answers: done('The account is open.'),
      problems: ['not_found'],
    },
    'POST /admin/users/:id/verification': {
      summary: { en: 'Mail the confirmation of an address again', ko: '이메일 인증 링크 다시 보내기' },
      description: {
        en: 'With a new link. A user whose address is confirmed, or who is disabled, gets no mail. 20 a day, with those that the user asked for.',
        ko: '새 링크를 보냅니다. 이미 인증된 사용자나 사용 중지된 사용자에게는 보내지 않습니다. 사용자가 직접 요청한 것을 포함해 하루 20번까지 보낼 수 있습니다.',
      },
      params,
      answers: done('If the address is unconfirmed, the mail is on its way.'),
      problems: ['not_found'],
    },
    ...clientOperations,
    ...auditOperations,
    'GET /admin/stats': {
      summary: { en: 'Counts for a dashboard', ko: '대시보드용 통계' },
      description: {
        en: 'Of the last `days`, 1 to 90, else 30. It reads every user.',
        ko: '최근 `days`일을 집계합니다(1~90, 기본값 30). 모든 사용자를 읽습니다.',
      },
      answers: {
        200: {
          description: 'Today is the last of the `days`; they begin at midnight UTC.',
          schema: v.strictObject({
            users: seconds,
            verified: seconds,
            live_sessions: seconds,
            days: v.array(v.strictObject({ date: text, logins: seconds, failures: seconds, registrations: seconds })),
          }),
          example: {
            users: 1,
            verified: 1,
            live_sessions: 1,
            days: [{ date: '2026-11-23', logins: 1, failures: 0, registrations: 0 }],
          },
        },
      },
    },
  },
}
