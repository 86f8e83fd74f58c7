import * as v from 'valibot'
import { changeProblems, type Chapter, done, nullable, type Pages, seconds, text, userId } from '../../openapi.ts'

const me = v.strictObject({
  user_id: userId,
  email: text,
  name: nullable,
  email_verified: v.boolean(),
  roles: v.array(text),
  created_at: seconds,
})

/**
 * The rows as D1 returns them: a boolean is 0 or 1, and `roles` is the text of a JSON array. Features add their own
 * rows, and the rest comes from `src/yours`.
 */
const everything = v.objectWithRest(
  {
    user: v.strictObject({
      user_id: userId,
      email: text,
      name: nullable,
      email_verified: v.picklist([0, 1]),
      disabled_at: v.nullable(seconds),
      roles: v.pipe(text, v.description('The text of a JSON array.')),
      language: nullable,
      password_set_at: v.nullable(seconds),
      created_at: seconds,
      second_factor: v.picklist([0, 1]),
    }),
    sessions: v.array(
      v.strictObject({
        id: text,
        created_at: seconds,
        auth_time: seconds,
        refreshed_at: seconds,
        expires_at: seconds,
        revoked_at: v.nullable(seconds),
        methods: v.pipe(text, v.description('The text of a JSON array: how one signed in.')),
        shown: v.pipe(text, v.description('The text of a JSON object: when each method was last shown.')),
        ip: nullable,
        country: nullable,
        user_agent: nullable,
        client_id: v.pipe(nullable, v.description('The application that the session belongs to, if any.')),
        scope: nullable,
        resource: nullable,
      }),
    ),
    consents: v.array(v.strictObject({ client_id: text, scope: text, granted_at: seconds })),
    logout_outbox: v.array(v.strictObject({ client_id: text, at: seconds, attempts: seconds, due_at: seconds })),
    one_time_tokens: v.array(v.strictObject({ purpose: text, email: text, expires_at: seconds })),
    invitations: v.array(v.strictObject({ email: text, expires_at: seconds })),
    recovery_codes: v.pipe(
      v.array(v.strictObject({ user_id: seconds, created_at: seconds })),
      v.description('One for each that is left.'),
    ),
    outbox: v.array(
      v.strictObject({
        kind: text,
        recipient: text,
        language: text,
        created_at: seconds,
        attempts: seconds,
        due_at: seconds,
      }),
    ),
    webhook_outbox: v.array(
      v.strictObject({
        type: text,
        session_id: nullable,
        client_id: nullable,
        at: seconds,
        attempts: seconds,
        due_at: seconds,
      }),
    ),
    audit_events: v.array(
      v.strictObject({
        at: seconds,
        event: text,
        reason: nullable,
        session_id: nullable,
        client_id: nullable,
        ip: nullable,
        country: nullable,
        user_agent: nullable,
        request_id: nullable,
      }),
    ),
  },
  v.array(v.record(text, v.unknown())),
)

const created_at = 1_795_000_000

export const chapter: Chapter = {
  title: { en: 'The account', ko: '계정' },
  operations: {
    'GET /user/me': {
      summary: { en: 'Who is signed in', ko: '내 계정 조회' },
      answers: {
        200: {
          description: 'The account, as the database has it now.',
          schema: me,
          example: { user_id: 42, email: 'ann@example.com', name: 'Ann', email_verified: true, roles: [], created_at },
        },
      },
      problems: ['not_found'],
    },
    'PATCH /user/me': {
      summary: { en: 'Set the name', ko: '이름 변경' },
      description: {
        en: 'At most 100 characters; null removes it. Applications that may see the profile get it.',
        ko: '최대 100자이며, null을 보내면 이름을 삭제합니다. 프로필을 볼 수 있는 애플리케이션에 전달됩니다.',
      },
      body: { name: 'Ann' },
      answers: done('The name is this.'),
    },
    'GET /user/me/export': {
      summary: { en: 'Everything that is held about the person', ko: '내 정보 내보내기' },
      description: {
        en: 'All rows, but no hashes and no links that are not mailed yet.',
        ko: '저장된 본인의 정보를 모두 반환합니다. 해시와 아직 메일로 보내지 않은 링크는 제외합니다.',
      },
      answers: {
        200: {
          description: 'The rows, as the database has them now.',
          schema: everything,
          holdings: true,
          example: {
            user: {
              user_id: 42,
              email: 'ann@example.com',
              name: null,
              email_verified: 1,
              disabled_at: null,
              roles: '[]',
              language: 'en',
              password_set_at: created_at,
              created_at,
              second_factor: 0,
            },
            sessions: [],
            consents: [],
            logout_outbox: [],
            one_time_tokens: [],
            invitations: [],
            recovery_codes: [],
            outbox: [],
            webhook_outbox: [],
            audit_events: [],
          },
        },
      },
      problems: ['not_found'],
    },
    'DELETE /user/me': {
      summary: { en: 'Delete the account', ko: '계정 삭제' },
      description: {
        en: 'Its number is never used again. Takes what `POST /user/reauth` takes; an account without a password needs a recent sign-in instead, and sends `{}`.',
        ko: '삭제한 계정의 번호는 다시 쓰지 않습니다. `POST /user/reauth`와 같은 입력을 받습니다. 비밀번호가 없는 계정은 10분 안에 로그인한 세션에서 `{}`만 보냅니다.',
      },
      body: { password: 'correct horse battery' },
      answers: done('The account is gone.'),
      problems: [...changeProblems, 'last_admin'],
    },
  },
}

export const pages: Pages = {
  'GET /account': {
    needs: 'login',
    answer: {
      en: '200: address, sessions, devices, and links to the rest',
      ko: '200: 이메일 주소, 세션, 기기, 다른 페이지로 가는 링크',
    },
  },
  'GET /account/name': {
    needs: 'login',
    answer: { en: '200: the form for the name', ko: '200: 이름 변경 폼' },
  },
  'POST /account/name': {
    needs: 'login',
    answer: { en: '303 to `/account`; the name is changed', ko: '`/account`로 303, 이름을 변경' },
  },
  'GET /account/export': {
    needs: 'login',
    answer: {
      en: '200: what is held about the person, as a file; 303 to `/account/confirm` where the login is not fresh',
      ko: '200: 저장된 본인의 정보를 담은 파일, 본인 확인을 마친 지 10분이 지났으면 `/account/confirm`으로 303',
    },
  },
  'GET /account/delete': {
    needs: 'login',
    answer: { en: '200: the form that says what deleting means', ko: '200: 삭제하면 어떻게 되는지 안내하는 폼' },
  },
  'POST /account/delete': {
    needs: 'login',
    answer: {
      en: '303 to `/login`; the account and the cookies are gone',
      ko: '`/login`으로 303, 계정과 쿠키를 삭제',
    },
  },
}
