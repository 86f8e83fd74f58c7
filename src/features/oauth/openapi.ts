import * as v from 'valibot'
import { type Answer, type Chapter, type Pages, seconds, text } from '../../openapi.ts'

const refused = (...codes: string[]): Answer => ({
  description: `RFC 6749 section 5.2. \`error\`: ${codes.map((code) => `\`${code}\``).join(', ')}.`,
  schema: v.strictObject({ error: v.picklist(codes), error_description: text }),
  example: { error: codes[0], error_description: 'For developers.' },
})

const texts = v.array(text)

const metadata: Answer = {
  description: 'OpenID Connect Discovery section 3, RFC 8414 section 2.',
  schema: v.strictObject({
    issuer: text,
    authorization_endpoint: text,
    token_endpoint: text,
    userinfo_endpoint: text,
    jwks_uri: text,
    revocation_endpoint: text,
    end_session_endpoint: text,
    scopes_supported: texts,
    response_types_supported: texts,
    response_modes_supported: texts,
    grant_types_supported: texts,
    subject_types_supported: texts,
    id_token_signing_alg_values_supported: texts,
    token_endpoint_auth_methods_supported: texts,
    revocation_endpoint_auth_methods_supported: texts,
    code_challenge_methods_supported: texts,
    prompt_values_supported: texts,
    acr_values_supported: texts,
    claims_supported: texts,
    ui_locales_supported: texts,
    authorization_response_iss_parameter_supported: v.literal(true),
    backchannel_logout_supported: v.literal(true),
    backchannel_logout_session_supported: v.literal(true),
    client_id_metadata_document_supported: v.optional(v.literal(true)),
    claims_parameter_supported: v.literal(false),
    request_parameter_supported: v.literal(false),
    request_uri_parameter_supported: v.literal(false),
  }),
  example: { issuer: 'https://login.example.com', token_endpoint: 'https://login.example.com/oauth/token' },
}

/** How a client says who it is, if not by a Basic header. */
const who = { client_id: v.optional(text), client_secret: v.optional(text) }

const userinfo = {
  description: {
    en: 'As far as the scope of the token allows. The token is in the header `Authorization: Bearer`.',
    ko: '토큰의 스코프가 허용하는 정보만 반환합니다. 토큰은 `Authorization: Bearer` 헤더로 보냅니다.',
  },
  answers: {
    200: {
      description: 'OpenID Connect Core section 5.3.2.',
      schema: v.strictObject({
        sub: text,
        email: v.optional(text),
        email_verified: v.optional(v.boolean()),
        name: v.optional(text),
      }),
      example: { sub: '42', email: 'ann@example.com', email_verified: true, name: 'Ann' },
    },
    401: refused('login_required', 'invalid_token'),
    403: refused('insufficient_scope'),
  },
  problems: ['not_found'],
} satisfies Partial<Chapter['operations'][string]>

const discovery = {
  summary: { en: 'The metadata for applications', ko: '애플리케이션용 메타데이터' },
  description: {
    en: 'The same at both addresses. It exists where `SIGNING_KEYS` is set.',
    ko: '두 주소의 내용은 같습니다. `SIGNING_KEYS`를 설정해야 생깁니다.',
  },
  answers: { 200: metadata },
  problems: ['not_found'],
} satisfies Chapter['operations'][string]

const protectedResource = {
  description: {
    en: 'RFC 9728, for each resource that a feature declares; without a path if there is only one. It exists where `SIGNING_KEYS` is set.',
    ko: 'RFC 9728을 따릅니다. 기능이 선언한 리소스마다 있고, 리소스가 하나뿐이면 경로 없이도 응답합니다. `SIGNING_KEYS`를 설정해야 생깁니다.',
  },
  answers: {
    200: {
      description: 'RFC 9728 section 2.',
      schema: v.strictObject({
        resource: text,
        authorization_servers: texts,
        scopes_supported: texts,
        bearer_methods_supported: texts,
        resource_name: v.optional(text),
      }),
      example: {
        resource: 'https://login.example.com/mcp',
        authorization_servers: ['https://login.example.com'],
        scopes_supported: ['notes:read', 'notes:write'],
        bearer_methods_supported: ['header'],
        resource_name: 'Notes',
      },
    },
  },
  problems: ['not_found'],
} satisfies Partial<Chapter['operations'][string]>

export const chapter: Chapter = {
  title: { en: 'For applications', ko: '애플리케이션용' },
  operations: {
    'GET /.well-known/openid-configuration': discovery,
    'GET /.well-known/oauth-authorization-server': discovery,
    'GET /.well-known/oauth-protected-resource': {
      summary: { en: 'The metadata of a resource', ko: '리소스의 메타데이터' },
      ...protectedResource,
    },
    'GET /.well-known/oauth-protected-resource/:path': {
      summary: { en: 'The same, by the path of the resource', ko: '위와 같음. 리소스의 경로로 조회' },
      ...protectedResource,
      params: { path: ['The path of the resource, without the slash before it.', 'mcp'] },
    },
    'POST /oauth/token': {
      summary: {
        en: 'Exchange a code, a refresh token, or credentials',
        ko: '코드, 리프레시 토큰, 자격 증명을 토큰으로 교환',
      },
      description: {
        en:
          'A form, as RFC 6749 has it. The client authenticates by `client_secret_basic` or `client_secret_post`; a public one ' +
          'sends its `client_id`.',
        ko:
          'RFC 6749에 따라 폼으로 보냅니다. 클라이언트는 `client_secret_basic`이나 `client_secret_post`로 인증하고, 공개 ' +
          '클라이언트는 `client_id`만 보냅니다.',
      },
      form: v.object({
        grant_type: v.picklist(['authorization_code', 'refresh_token', 'client_credentials']),
        code: v.optional(text),
        redirect_uri: v.optional(text),
        code_verifier: v.optional(text),
        refresh_token: v.optional(text),
        scope: v.optional(text),
        resource: v.optional(text),
        ...who,
      }),
      answers: {
        200: {
          description: 'RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3.',
          schema: v.strictObject({
            access_token: v.pipe(v.string(), v.description('ES256, of RFC 9068.')),
            token_type: v.literal('Bearer'),
            expires_in: seconds,
            scope: text,
            refresh_token: v.optional(text),
            id_token: v.optional(text),
          }),
          example: { access_token: 'eyJ', token_type: 'Bearer', expires_in: 3600, scope: 'openid', id_token: 'eyJ' },
        },
        400: refused(
          'invalid_request',
          'invalid_grant',
          'invalid_scope',
          'invalid_target',
          'unauthorized_client',
          'unsupported_grant_type',
        ),
        401: refused('invalid_client'),
      },
      problems: ['not_found'],
    },
    'GET /oauth/userinfo': {
      summary: { en: 'What an application may know', ko: '애플리케이션이 볼 수 있는 정보' },
      ...userinfo,
    },
    'POST /oauth/userinfo': { summary: { en: 'The same', ko: '위와 같음' }, ...userinfo },
    'POST /oauth/revoke': {
      summary: { en: 'End the session of a token', ko: '토큰의 세션 종료' },
      description: {
        en: 'For the client that the token was given to (RFC 7009). Any other text changes nothing, and is answered alike.',
        ko: '토큰을 받은 클라이언트만 종료할 수 있습니다(RFC 7009). 다른 값이면 아무것도 바꾸지 않고 똑같이 응답합니다.',
      },
      form: v.object({ token: text, token_type_hint: v.optional(text), ...who }),
      answers: {
        200: { description: 'The session has ended, or there was none.', schema: v.strictObject({}), example: {} },
        400: refused('invalid_request'),
        401: refused('invalid_client'),
      },
      problems: ['not_found'],
    },
  },
}

const authorize = {
  answer: {
    en: '303 to `/oauth/continue/:handle` once the request is checked; else to the application with an `error`, or 400',
    ko: '요청이 올바르면 `/oauth/continue/:handle`로 303. 아니면 `error`와 함께 애플리케이션으로 303, 또는 400',
  },
}

export const pages: Pages = {
  'GET /oauth/end-session': {
    answer: {
      en: '303 to the `post_logout_redirect_uri` that is registered for the application, or 200; without a fitting `id_token_hint`, 200: the question whether to sign out',
      ko: '애플리케이션에 등록된 `post_logout_redirect_uri`로 303, 없으면 200. 세션과 일치하는 `id_token_hint`가 없으면 로그아웃할지 묻는 페이지를 200으로 표시',
    },
  },
  'POST /oauth/end-session': {
    anywhere: true,
    answer: {
      en: 'the same as GET; with `decision=leave` from this site, without a question',
      ko: 'GET과 같음. 이 사이트에서 `decision=leave`를 보내면 묻지 않고 로그아웃',
    },
  },
  'GET /oauth/authorize': authorize,
  'POST /oauth/authorize': { ...authorize, anywhere: true },
  'GET /oauth/continue/:handle': {
    answer: {
      en: '303 to the application with a `code`, or first to where the user signs in; 200: the question for consent',
      ko: '`code`와 함께 애플리케이션으로 303, 또는 먼저 로그인 페이지로 303. 200: 동의를 묻는 페이지',
    },
  },
  'POST /oauth/continue/:handle': {
    answer: {
      en: '303 to the application: with a `code` if `decision` is `allow`, else with an `error`',
      ko: '애플리케이션으로 303. `decision`이 `allow`이면 `code`, 아니면 `error`를 전달',
    },
  },
}
