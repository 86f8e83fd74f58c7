import * as v from 'valibot'
import { type Chapter, done, nullable, type Pages, seconds, text } from '../../openapi.ts'

const client = {
  client_id: text,
  name: text,
  redirect_uris: v.array(text),
  post_logout_redirect_uris: v.array(text),
  backchannel_logout_uri: nullable,
  third_party: v.pipe(v.boolean(), v.description('Whether users are asked for their consent.')),
  scope: v.pipe(text, v.description('What it may ask for.')),
  resources: v.pipe(v.array(text), v.description('The audiences that it may have access tokens for (RFC 8707).')),
  id_token_alg: v.picklist(['RS256', 'ES256']),
  pkce: v.pipe(v.boolean(), v.description('False: its library cannot do PKCE, so it must send a `nonce`.')),
  credentials: v.pipe(v.boolean(), v.description('Whether it may have tokens of its own.')),
  created_at: seconds,
  fetched_at: v.pipe(
    v.nullable(seconds),
    v.description('When the document at the address `client_id` was read. Null: it is registered.'),
  ),
  fresh_until: v.pipe(v.nullable(seconds), v.description('Until when that document is good.')),
  public: v.pipe(v.boolean(), v.description('Whether it has no secret.')),
}

const app = {
  client_id: 'Tc8nS1Mx8Fu3YIJuKf2IvxcZ',
  name: 'Wiki',
  redirect_uris: ['https://wiki.example/callback'],
  post_logout_redirect_uris: [],
  backchannel_logout_uri: null,
  third_party: false,
  scope: 'openid profile email offline_access',
  resources: [],
  id_token_alg: 'RS256',
  pkce: true,
  credentials: false,
  created_at: 1_795_000_000,
  fetched_at: null,
  fresh_until: null,
  public: false,
}
const client_secret = '7yM1Wp5sZtGpZwuCUe9a3SKW1ZKrhLjR6in9hyrrokQ'
const params = { id: ['The `client_id`.', app.client_id] } satisfies Record<string, [string, string]>

/** The routes for applications, as part of the chapter of the administration. */
export const clientOperations: Chapter['operations'] = {
  'GET /admin/clients': {
    summary: { en: 'List the applications that people sign in to', ko: '등록된 애플리케이션 목록' },
    answers: {
      200: {
        description: 'All of them, by name.',
        schema: v.strictObject({ clients: v.array(v.strictObject(client)) }),
        example: { clients: [app] },
      },
    },
  },
  'POST /admin/clients': {
    summary: { en: 'Register an application', ko: '애플리케이션 등록' },
    description: {
      en: 'Every address is compared exactly; only the port of `http` on this machine may differ. A `public` one runs in a browser or on a phone, and gets no secret.',
      ko: '모든 주소는 정확히 일치해야 하며, 로컬 `http` 주소의 포트만 다를 수 있습니다. 브라우저나 휴대폰에서 실행되는 `public` 애플리케이션에는 시크릿을 발급하지 않습니다.',
    },
    body: { name: app.name, redirect_uris: app.redirect_uris },
    answers: {
      201: {
        description: 'Registered; `Location` leads to it. The secret is shown only now.',
        schema: v.strictObject({ ...client, client_secret: v.optional(text) }),
        example: { ...app, client_secret },
      },
    },
  },
  'GET /admin/clients/:id': {
    summary: { en: 'Show an application', ko: '애플리케이션 조회' },
    params,
    answers: { 200: { description: 'The application.', schema: v.strictObject(client), example: app } },
    problems: ['not_found'],
  },
  'POST /admin/clients/:id/secret': {
    summary: { en: 'Give an application another secret', ko: '애플리케이션 시크릿 재발급' },
    description: {
      en: 'The old one is refused at once. A public application has none: 404.',
      ko: '이전 시크릿은 즉시 거부됩니다. 시크릿이 없는 공개 애플리케이션이면 404를 반환합니다.',
    },
    params,
    answers: {
      200: {
        description: 'The secret, which is shown only now.',
        schema: v.strictObject({ client_secret: text }),
        example: { client_secret },
      },
    },
    problems: ['not_found'],
  },
  'DELETE /admin/clients/:id': {
    summary: { en: 'Delete an application', ko: '애플리케이션 삭제' },
    description: {
      en: 'The sessions that people have with it end, and their consents are forgotten.',
      ko: '이 애플리케이션의 세션을 모두 종료하고 사용자의 동의 기록도 삭제합니다.',
    },
    params,
    answers: done('It is deleted.'),
    problems: ['not_found'],
  },
}

/** The pages for applications, as part of the console. */
export const clientPages: Pages = {
  'GET /console/clients': {
    needs: 'admin',
    answer: { en: '200: the applications that people sign in to', ko: '200: 등록된 애플리케이션 목록' },
  },
  'GET /console/clients/new': {
    needs: 'fresh admin',
    answer: { en: '200: the form that registers an application', ko: '200: 애플리케이션 등록 폼' },
  },
  'POST /console/clients/new': {
    needs: 'fresh admin',
    answer: {
      en: '200: the `client_id` and, only now, the secret',
      ko: '200: `client_id`와 시크릿, 시크릿은 이때만 표시',
    },
  },
  'GET /console/clients/:id': {
    needs: 'admin',
    answer: { en: '200: one application, and what can be done', ko: '200: 애플리케이션 정보와 실행할 수 있는 작업' },
  },
  'POST /console/clients/:id': {
    needs: 'fresh admin',
    answer: {
      en: '`do` is `secret`: 200 with the new secret; or `delete`: 303 to `/console/clients`',
      ko: '`do`가 `secret`이면 새 시크릿과 함께 200, `delete`이면 `/console/clients`로 303',
    },
  },
  'GET /console/clients/:id/:act': {
    needs: 'fresh admin',
    answer: {
      en: '200: the form that says what `delete` or a new `secret` means',
      ko: '200: `delete`나 시크릿 재발급(`secret`)을 실행하면 어떻게 되는지 안내하는 폼',
    },
  },
}
