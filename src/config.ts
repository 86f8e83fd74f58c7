import * as v from 'valibot'
import { type FieldError, Problem } from './problem.ts'
import {
  backends,
  documentHosts,
  hostnames,
  image,
  LOCATIONS,
  loopbackUrl,
  origins,
  returnUrls,
  safeOrigins,
  secret,
  signingKeys,
  tenant,
  time,
  url,
  webhookSecrets,
  whole,
} from './setting-types.ts'

/**
 * Every setting with its default. `npm run docs` writes the docstrings into docs/reference.md. The Korean descriptions
 * are in scripts/docs/settings.ko.ts.
 */
export const settings = v.object({
  /** Signs access tokens (HS256). At least 32 bytes. May be shared with services that verify the tokens. */
  JWT_SECRET_KEY: secret,
  /** The key before the last rotation. Its tokens are accepted until they expire. Nothing new is signed with it. */
  JWT_SECRET_KEY_PREVIOUS: v.optional(secret),
  /**
   * At least 32 bytes, shared with no other service. Keys for refresh tokens, device tokens, encrypted mail and the
   * doorkeeper's names are derived from it. If unset, they are derived from `JWT_SECRET_KEY`, and `doctor` warns.
   */
  LATCHKEY_SECRET: v.optional(secret),
  /** The secret before the last rotation. Refresh tokens and mail made from it stay valid. */
  LATCHKEY_SECRET_PREVIOUS: v.optional(secret),
  /** The `iss` claim of tokens under `JWT_SECRET_KEY`. Tokens with a different issuer are refused. */
  JWT_ISSUER: v.optional(v.string(), 'latchkey'),
  /**
   * The `aud` claim. If set, tokens without it are refused, and PyJWT callers must pass `audience`. With
   * `ACCESS_TOKEN_ALG` `ES256`, it is `PUBLIC_URL` unless it is set.
   */
  JWT_AUDIENCE: v.optional(v.string()),
  /**
   * A time like `2026-12-31T00:00:00Z`. Until then, `loginRequired` accepts tokens of the old application (only
   * `user_id` and `exp`). Each one costs a database read.
   */
  LEGACY_TOKENS_UNTIL: v.optional(time),
  /**
   * Keys whose public half is served at `/oauth/jwks`: a JSON array of private JWKs, at least one for ES256 and one for
   * RS256. The whole value is a secret. `npm run latchkey -- secret rotate signing` makes and replaces them. If unset,
   * no application can sign people in with an account here.
   */
  SIGNING_KEYS: v.optional(signingKeys),
  /**
   * Hosts whose applications may sign people in although nobody registered them, separated by commas or spaces, like
   * `claude.ai chatgpt.com`. `*` means every host, and `-evil.example` none of that one. Such an application has the
   * address of a document as its `client_id`, which this service fetches. See docs/applications.md.
   */
  CLIENT_ID_METADATA_DOCUMENTS: v.optional(documentHosts, ''),
  /**
   * For tests: where these documents are, on this machine. The one at `https://claude.ai/app.json` is then fetched from
   * `<this address>/claude.ai/app.json`.
   */
  TEST_DOCUMENTS_URL: v.optional(loopbackUrl),
  /**
   * `HS256` or `ES256`: what signs the access tokens of this service. With `ES256`, others verify them with the public
   * keys and cannot sign any. Needs `SIGNING_KEYS` and `PUBLIC_URL`, which is then the `iss`.
   */
  ACCESS_TOKEN_ALG: v.optional(v.picklist(['HS256', 'ES256'], 'not_hs256_or_es256'), 'HS256'),
  /**
   * A time like `2026-12-31T00:00:00Z`. With `ACCESS_TOKEN_ALG` `ES256`, tokens under `JWT_SECRET_KEY` are accepted
   * until then, and not at all if it is unset.
   */
  HS256_TOKENS_UNTIL: v.optional(time),
  /** Seconds, 60 to 2592000. How long an access token is valid. The default is one day, as in the Flask tutorial. */
  ACCESS_TOKEN_TTL_SECONDS: v.optional(whole(60, 30 * 86_400), 86_400),
  /** Seconds. A session ends this long after the login, even if it is refreshed. */
  SESSION_TTL_SECONDS: v.optional(whole(60, 400 * 86_400), 30 * 86_400),
  /** Seconds. A session that is not refreshed for this long can no longer be refreshed. */
  SESSION_IDLE_SECONDS: v.optional(whole(60, 400 * 86_400), 7 * 86_400),
  /**
   * `on` or `off`: whether "Keep me signed in" is ticked on a login form at first, and what holds for a form of your own
   * without that box. Unticked, a sign-in in a browser ends when the browser is closed.
   */
  KEEP_SIGNED_IN: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'on'),
  /** Seconds, 0 to 300. How long a just-replaced refresh token still returns its successor, for a second tab. */
  REFRESH_GRACE_SECONDS: v.optional(whole(0, 300), 30),
  /** Seconds, 1 to 60. The longest time until an isolate learns that a session was revoked elsewhere. */
  REVOCATION_MAX_AGE_SECONDS: v.optional(whole(1, 60), 5),
  /** At least 32 bytes. Enables `GET /revoked`, which does not exist without it. */
  REVOCATION_FEED_SECRET: v.optional(secret),
  /** `open` or `closed`: whether anyone may register. */
  REGISTRATION: v.optional(v.picklist(['open', 'closed'], 'not_open_or_closed'), 'open'),
  /**
   * Who must have a second factor: `optional`: whoever enrols one; `admins`: everybody with the role `admin` or
   * `support`; `everyone`; `off`: nobody can enrol one. Whoever has one is always asked for it.
   */
  SECOND_FACTOR: v.optional(v.picklist(['optional', 'off', 'admins', 'everyone'], 'not_a_policy'), 'optional'),
  /**
   * `on` or `off`: whether users may sign in with a code that is mailed to them. Needs `PUBLIC_URL` and
   * `LATCHKEY_SECRET`. A code that comes before the enrolment of a second factor is mailed in either case.
   */
  LOGIN_CODES: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'on'),
  /**
   * `on`: with `REGISTRATION` `open`, a code is also mailed to an address without an account, and entering it creates
   * one. The address is confirmed then, and the account has no password.
   */
  CODE_REGISTERS: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'off'),
  /**
   * Signing in with Google: the client id and the secret of an OAuth client there. A provider is on if all its settings
   * are set, and `PUBLIC_URL` and `LATCHKEY_SECRET`.
   */
  GOOGLE_CLIENT_ID: v.optional(v.string()),
  /** See `GOOGLE_CLIENT_ID`. */
  GOOGLE_CLIENT_SECRET: v.optional(v.string()),
  /** Signing in with Apple: the Services ID. */
  APPLE_CLIENT_ID: v.optional(v.string()),
  /** The team that owns the key. */
  APPLE_TEAM_ID: v.optional(v.string()),
  /** The id of the key. */
  APPLE_KEY_ID: v.optional(v.string()),
  /** The content of the `.p8` file. A line break may be written as `\n`. */
  APPLE_PRIVATE_KEY: v.optional(v.string()),
  /** Signing in with Microsoft: the application id. */
  MICROSOFT_CLIENT_ID: v.optional(v.string()),
  /** See `MICROSOFT_CLIENT_ID`. */
  MICROSOFT_CLIENT_SECRET: v.optional(v.string()),
  /** Whose accounts sign in: the id of a tenant, `organizations`, `consumers`, or `common` for both. */
  MICROSOFT_TENANT: v.optional(tenant, 'common'),
  /** Signing in with GitHub: the client id of an OAuth app. */
  GITHUB_CLIENT_ID: v.optional(v.string()),
  /** See `GITHUB_CLIENT_ID`. */
  GITHUB_CLIENT_SECRET: v.optional(v.string()),
  /** Signing in with Kakao: the REST API key. */
  KAKAO_CLIENT_ID: v.optional(v.string()),
  /** See `KAKAO_CLIENT_ID`. */
  KAKAO_CLIENT_SECRET: v.optional(v.string()),
  /** Signing in with Naver: the client id. */
  NAVER_CLIENT_ID: v.optional(v.string()),
  /** See `NAVER_CLIENT_ID`. */
  NAVER_CLIENT_SECRET: v.optional(v.string()),
  /** Signing in with any OpenID provider: its issuer, at which its configuration is found. */
  OIDC_ISSUER: v.optional(url),
  /** The client id at that provider. */
  OIDC_CLIENT_ID: v.optional(v.string()),
  /** See `OIDC_CLIENT_ID`. */
  OIDC_CLIENT_SECRET: v.optional(v.string()),
  /** What the button calls that provider. */
  OIDC_NAME: v.optional(v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,64}$/u, 'malformed')), 'OpenID'),
  /**
   * `on` or `off`: whether that provider is believed that an address is proven (`email_verified`). Whoever runs it can then
   * sign in to every account whose address was confirmed here.
   */
  OIDC_TRUST_EMAIL: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'off'),
  /**
   * Other origins that the endpoints of that provider may have, separated by commas or spaces. No request goes anywhere but
   * there and to the issuer.
   */
  OIDC_ORIGINS: v.optional(safeOrigins, ''),
  /**
   * For tests: where the known providers are, on this machine. Google is then at `<this address>/google`, with the paths of
   * the real one, and so on.
   */
  TEST_PROVIDERS_URL: v.optional(loopbackUrl),
  /** The minimum length of a new password, in characters, 8 to 64. */
  PASSWORD_MIN_LENGTH: v.optional(whole(8, 64), 8),
  /**
   * Checks new passwords against breached ones: `https://api.pwnedpasswords.com/range/`, or a copy of it. The list
   * receives five digits of a SHA-1 hash. If it does not answer within a second, the password is accepted.
   */
  BREACHED_PASSWORDS_URL: v.optional(url),
  /**
   * The address of this service for its users, like `https://login.example.com`. Links in mails are built only from it,
   * never from request headers.
   */
  PUBLIC_URL: v.optional(
    v.pipe(
      url,
      v.check((text) => new URL(text).origin === text, 'not_an_origin'),
    ),
  ),
  /** The name of this service in mails and on pages. */
  APP_NAME: v.optional(v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,64}$/u, 'malformed')), 'Latchkey'),
  /**
   * A logo that replaces the name on pages and in mails: an `https` address, or a path on this site. Pages may then load
   * images from its origin.
   */
  APP_LOGO_URL: v.optional(image),
  /**
   * The color of the buttons on pages and in mails, like `"#1d4ed8"`. Their text becomes black or white, whichever is readable.
   */
  APP_COLOR: v.optional(v.pipe(v.string(), v.regex(/^#[\da-f]{6}$/i, 'not_a_color'))),
  /**
   * Exact addresses, separated by commas or spaces, to which a login page may return: `/login?return_to=<one of them>`.
   * Any other address is ignored.
   */
  ALLOWED_RETURN_URLS: v.optional(returnUrls, ''),
  /** `binding` (the `EMAIL` binding), `http` (`MAIL_URL`), or `console` (the log shows each mail with its link). */
  MAIL_DRIVER: v.optional(v.picklist(['binding', 'http', 'console'], 'not_a_driver'), 'binding'),
  /** Receives a POST of `{from, to, subject, text, html}` for each mail. Setting it selects the driver `http`. */
  MAIL_URL: v.optional(url),
  /** Sent to `MAIL_URL` as a bearer token. */
  MAIL_TOKEN: v.optional(v.string()),
  /** The sender of every mail. */
  MAIL_FROM: v.optional(v.string(), 'latchkey@example.com'),
  /** Where events are posted (Standard Webhooks): an https address, or one on this machine. See docs/operations.md. */
  WEBHOOK_URL: v.optional(url),
  /**
   * Signs events: `whsec_` followed by 24 to 64 bytes in base64. During a rotation, two of them separated by a space.
   * Required with `WEBHOOK_URL`.
   */
  WEBHOOK_SECRET: v.optional(webhookSecrets),
  /** Days. How long the audit trail is kept. */
  AUDIT_RETENTION_DAYS: v.optional(whole(1, 3_650), 365),
  /** `all`: a line for each request. `errors`: for 429 and 5xx. `off`: only for 5xx, which is always logged. */
  REQUEST_LOG: v.optional(v.picklist(['all', 'errors', 'off'], 'not_all_errors_or_off'), 'all'),
  /**
   * `on`: responses report in `Server-Timing` the time spent in the database and the doorkeeper. Use it only in
   * development, because it tells strangers more than they need.
   */
  SERVER_TIMING: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'off'),
  /**
   * Back ends that may state the IP address of the person they act for: `name:secret`, separated by commas or spaces,
   * each secret at least 32 bytes. The whole value is a secret. See docs/clients.md#a-back-end-that-signs-people-in.
   */
  TRUSTED_BACKENDS: v.optional(backends, ''),
  /**
   * The secret of Cloudflare Turnstile. A caller who would have to wait may send a solved challenge as
   * `turnstile_token` instead. The hosted login page shows the challenge if `TURNSTILE_SITE_KEY` is set, too.
   */
  TURNSTILE_SECRET: v.optional(v.string()),
  /** The site key that belongs to `TURNSTILE_SECRET`. It is public. Without it, only your own login page can show a challenge. */
  TURNSTILE_SITE_KEY: v.optional(v.string()),
  /**
   * Hosts whose login forms may show the challenge, separated by commas or spaces. If unset, the hosts of `PUBLIC_URL`
   * and `ALLOWED_ORIGINS`. The widget's `data-action` must be `login`.
   */
  TURNSTILE_HOSTNAMES: v.optional(hostnames, ''),
  /** The address that verifies a solved challenge. */
  TURNSTILE_VERIFY_URL: v.optional(url, 'https://challenges.cloudflare.com/turnstile/v0/siteverify'),
  /**
   * Where doorkeepers are created: `wnam`, `enam`, `sam`, `weur`, `eeur`, `apac`, `oc`, `afr` or `me`. Choose the
   * location closest to the database. Without a fixed location the first caller would determine it, and that may be an
   * attacker.
   */
  DOORKEEPER_LOCATION: v.optional(v.picklist(LOCATIONS, 'not_a_location'), 'apac'),
  /**
   * log2 of the bcrypt rounds, 10 to 16; each step doubles the work. 12 is the default of Python's `gensalt()`. Set it
   * to the highest cost in your table.
   */
  BCRYPT_COST: v.optional(whole(10, 16), 12),
  /**
   * Origins whose pages may call this service from a browser, like `https://app.example https://www.example`, separated
   * by commas or spaces.
   */
  ALLOWED_ORIGINS: v.optional(origins, ''),
})

const complete = v.pipe(
  settings,
  v.forward(
    v.check(({ MAIL_DRIVER, MAIL_URL }) => MAIL_DRIVER !== 'http' || MAIL_URL !== undefined, 'missing'),
    ['MAIL_URL'],
  ),
  v.forward(
    v.check(({ WEBHOOK_URL, WEBHOOK_SECRET }) => WEBHOOK_URL === undefined || WEBHOOK_SECRET !== undefined, 'missing'),
    ['WEBHOOK_SECRET'],
  ),
  v.forward(
    v.check(
      ({ ACCESS_TOKEN_ALG, SIGNING_KEYS }) => ACCESS_TOKEN_ALG === 'HS256' || SIGNING_KEYS !== undefined,
      'missing',
    ),
    ['SIGNING_KEYS'],
  ),
  v.forward(
    v.check(({ ACCESS_TOKEN_ALG, PUBLIC_URL }) => ACCESS_TOKEN_ALG === 'HS256' || PUBLIC_URL !== undefined, 'missing'),
    ['PUBLIC_URL'],
  ),
)

export type Config = v.InferOutput<typeof settings>

/** The settings that each identity provider needs. It is on if all of them are set. */
export const PROVIDER_SETTINGS = {
  google: ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
  apple: ['APPLE_CLIENT_ID', 'APPLE_TEAM_ID', 'APPLE_KEY_ID', 'APPLE_PRIVATE_KEY'],
  microsoft: ['MICROSOFT_CLIENT_ID', 'MICROSOFT_CLIENT_SECRET'],
  github: ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'],
  kakao: ['KAKAO_CLIENT_ID', 'KAKAO_CLIENT_SECRET'],
  naver: ['NAVER_CLIENT_ID', 'NAVER_CLIENT_SECRET'],
  oidc: ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'],
} as const satisfies Record<string, readonly (keyof Config)[]>

/** What is missing of the providers of which something is set. Their buttons do not appear. */
const incomplete = (config: Config): FieldError[] =>
  Object.values(PROVIDER_SETTINGS).flatMap((names: readonly (keyof Config)[]) => {
    const missing = names.filter((name) => config[name] === undefined)
    return missing.length < names.length ? missing.map((field) => ({ field, code: 'missing' })) : []
  })

type Reading = { config: Config } | { errors: FieldError[] }
const readings = new WeakMap<object, Reading>()

/**
 * The settings of this isolate, validated once per environment object.
 * @throws Problem `not_ready` with the names of the invalid settings, never their values
 */
export function config(env: object): Config {
  let reading = readings.get(env)
  if (!reading) readings.set(env, (reading = read(env)))
  if ('errors' in reading) throw new Problem('not_ready', { errors: reading.errors })
  return reading.config
}

/** Settings that work but should be changed. */
export function warnings(config: Config): FieldError[] {
  const {
    LATCHKEY_SECRET,
    JWT_SECRET_KEY,
    LEGACY_TOKENS_UNTIL,
    HS256_TOKENS_UNTIL,
    SIGNING_KEYS,
    PUBLIC_URL,
    MAIL_FROM,
    TURNSTILE_SECRET,
    TURNSTILE_SITE_KEY,
  } = config
  return [
    ...(LATCHKEY_SECRET === undefined ? [{ field: 'LATCHKEY_SECRET', code: 'derived_from_jwt_secret_key' }] : []),
    ...(LATCHKEY_SECRET === JWT_SECRET_KEY ? [{ field: 'LATCHKEY_SECRET', code: 'same_as_jwt_secret_key' }] : []),
    ...(LEGACY_TOKENS_UNTIL !== undefined ? [{ field: 'LEGACY_TOKENS_UNTIL', code: 'remove_after_migration' }] : []),
    ...(HS256_TOKENS_UNTIL !== undefined ? [{ field: 'HS256_TOKENS_UNTIL', code: 'remove_after_migration' }] : []),
    ...(SIGNING_KEYS?.some(({ latchkey }) => latchkey === 'next' || latchkey === 'previous')
      ? [{ field: 'SIGNING_KEYS', code: 'rotation_not_finished' }]
      : []),
    ...(PUBLIC_URL === undefined ? [{ field: 'PUBLIC_URL', code: 'missing' }] : []),
    ...(MAIL_FROM.endsWith('@example.com') ? [{ field: 'MAIL_FROM', code: 'an_example' }] : []),
    ...(TURNSTILE_SITE_KEY !== undefined && TURNSTILE_SECRET === undefined
      ? [{ field: 'TURNSTILE_SECRET', code: 'missing' }]
      : []),
    ...(TURNSTILE_SECRET !== undefined && TURNSTILE_SITE_KEY === undefined
      ? [{ field: 'TURNSTILE_SITE_KEY', code: 'no_challenge_on_hosted_page' }]
      : []),
    ...incomplete(config),
  ]
}

function read(env: object): Reading {
  // An empty variable counts as unset: `ALLOWED_ORIGINS=` in a file means none.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = v.safeParse(complete, { ...('MAIL_URL' in given && { MAIL_DRIVER: 'http' }), ...given })
  if (result.success) return { config: result.output }
  const errors = result.issues.map((issue) => ({
    field: v.getDotPath(issue) ?? '',
    code: issue.input === undefined ? 'missing' : issue.message,
  }))
  return { errors: errors.filter(({ field }, i) => errors.findIndex((other) => other.field === field) === i) }
}
