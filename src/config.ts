import * as v from 'valibot'
import { type FieldError, Problem } from './core/problem.ts'

/** A secret under 32 bytes is weaker than the hash that it keys (RFC 7518 section 3.2, NIST SP 800-107). */
const SECRET_MIN_BYTES = 32

/** Long enough to pass the length rule, and printed in somebody's documentation: everybody's, so nobody's. */
const WELL_KNOWN_SECRETS = new Set([
  'a-string-secret-at-least-256-bits-long', // jwt.io
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf', // Flask's configuration page
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', // FastAPI's OAuth2 tutorial
  'replace-me-with-32-random-bytes-or-more', // what templates say
])

const secret = v.pipe(
  v.string('missing'),
  v.check((text) => new TextEncoder().encode(text).length >= SECRET_MIN_BYTES, 'too_short'),
  v.check((text) => !WELL_KNOWN_SECRETS.has(text), 'well_known'),
)

const whole = (min: number, max: number) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], 'not_a_number'),
    v.integer('not_a_number'),
    v.minValue(min, 'too_small'),
    v.maxValue(max, 'too_large'),
  )

/** Exact origins, split by commas or white space: `https://app.example https://www.example`. Never a pattern. */
const origins = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => URL.canParse(item) && new URL(item).origin === item), 'not_an_origin'),
)

/** A point in time as RFC 3339 writes it, or a date, which begins at midnight UTC. Seconds since 1970. */
const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/, 'not_a_time'),
  v.transform((text) => Math.floor(Date.parse(text) / 1000)),
  v.check((seconds) => !Number.isNaN(seconds), 'not_a_time'),
)

/** https, or this machine. */
const url = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && isSafe(new URL(text)), 'not_an_https_url'),
)

/**
 * Exact addresses, split by commas or white space, in the spelling that `new URL` gives them (a bare origin may go
 * without its slash). Who signs in may be sent to one of them, so nothing about them is left to interpretation.
 */
const returnUrls = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => isExactUrl(item)), 'not_an_exact_url'),
)

function isExactUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { href, host } = new URL(text)
  // A parser takes hosts with a `;` in them, which would end a directive of the Content-Security-Policy.
  return isSafe(new URL(text)) && /^[\w.:[\]-]+$/.test(host) && [text, `${text}/`].includes(href) && !text.includes('@')
}

/** An image elsewhere by https, or a path of this site. */
const image = v.pipe(
  v.string(),
  v.check(
    (text) => (/^\/[\w./-]+$/.test(text) && !text.startsWith('//') ? true : isExactUrl(text)),
    'not_an_https_url',
  ),
)

const isSafe = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))

/** Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. Two, parted by white space, while receivers change over. */
const webhookSecrets = v.pipe(
  v.string(),
  v.transform((text) => text.split(/\s+/).filter(Boolean)),
  v.minLength(1, 'malformed'),
  v.maxLength(2, 'malformed'),
  v.check((list) => list.every(isWebhookSecret), 'malformed'),
)

const isWebhookSecret = (text: string): boolean => {
  const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(text)?.[1] ?? ''
  const bytes = encoded === '' ? 0 : atob(encoded).length
  return bytes >= 24 && bytes <= 64
}

/** The regions that a Durable Object may be asked to live in. */
const LOCATIONS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const

/** Every setting, with its default, its unit and its reason. The table in docs/reference.md is tied to this by a test. */
export const settings = v.object({
  /** Signs access tokens (HS256). May be shared with other services that verify them. */
  JWT_SECRET_KEY: secret,
  /** The key before the last rotation: its tokens are accepted until they expire, none is signed with it. */
  JWT_SECRET_KEY_PREVIOUS: v.optional(secret),
  /** Shared with nobody: everything that is not an access token is derived from it. */
  LATCHKEY_SECRET: v.optional(secret),
  /** The one before the last rotation: what was made from it stays valid. */
  LATCHKEY_SECRET_PREVIOUS: v.optional(secret),
  /** The `iss` claim, and the only one that is accepted. */
  JWT_ISSUER: v.optional(v.string(), 'latchkey'),
  /** The `aud` claim. Unset by default, because PyJWT refuses a token with an `aud` that its caller did not name. */
  JWT_AUDIENCE: v.optional(v.string()),
  /**
   * While both applications run: until then, tokens that the old one signed with the same key (`user_id` and `exp`, nothing
   * else) pass `loginRequired`, at the price of a database read each.
   */
  LEGACY_TOKENS_UNTIL: v.optional(time),
  /** Seconds. A day, as the Flask tutorial has it; affordable because a session can be revoked before. */
  ACCESS_TOKEN_TTL_SECONDS: v.optional(whole(60, 30 * 86_400), 86_400),
  /** Seconds. A session ends this long after the login, however busy it is. */
  SESSION_TTL_SECONDS: v.optional(whole(60, 400 * 86_400), 30 * 86_400),
  /** Seconds. A session ends this long after its last refresh. */
  SESSION_IDLE_SECONDS: v.optional(whole(60, 400 * 86_400), 7 * 86_400),
  /** Seconds. Two tabs, or a phone in a tunnel: for so long the refresh token just replaced gets its successor again. */
  REFRESH_GRACE_SECONDS: v.optional(whole(0, 300), 30),
  /** Seconds. How late an isolate may learn that another one revoked a session. */
  REVOCATION_MAX_AGE_SECONDS: v.optional(whole(1, 60), 5),
  /** Bearer secret for `GET /revoked`; without it the feed is not there. */
  REVOCATION_FEED_SECRET: v.optional(secret),
  /** Whether strangers may register. */
  REGISTRATION: v.optional(v.picklist(['open', 'closed'], 'not_open_or_closed'), 'open'),
  /** Where people reach this service, as an origin. Mailed links are built from it, never from a request's headers. */
  PUBLIC_URL: v.optional(
    v.pipe(
      url,
      v.check((text) => new URL(text).origin === text, 'not_an_origin'),
    ),
  ),
  /** What mails and pages call this service. */
  APP_NAME: v.optional(v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,64}$/u, 'malformed')), 'Latchkey'),
  /** A picture in place of the name at the top of the pages: an address, or a path of this site. */
  APP_LOGO_URL: v.optional(image),
  /** The colour of the pages' buttons, `#rrggbb`. The text on it is black or white, whichever can be read. */
  APP_COLOR: v.optional(v.pipe(v.string(), v.regex(/^#[\da-f]{6}$/i, 'not_a_color'))),
  /** Where a login on the hosted page may lead to, beside its own pages. None by default. */
  ALLOWED_RETURN_URLS: v.optional(returnUrls, ''),
  /** `binding` (the Worker's EMAIL binding), `http` (MAIL_URL) or `console`. */
  MAIL_DRIVER: v.optional(v.picklist(['binding', 'http', 'console'], 'not_a_driver'), 'binding'),
  /** Takes a POST of `{from, to, subject, text, html}`. Setting it chooses the driver `http`. */
  MAIL_URL: v.optional(url),
  /** Sent to MAIL_URL as a bearer token. */
  MAIL_TOKEN: v.optional(v.string()),
  /** The sender of every mail. */
  MAIL_FROM: v.optional(v.string(), 'latchkey@example.com'),
  /** Where events are posted (Standard Webhooks). None are without it. */
  WEBHOOK_URL: v.optional(url),
  /** Signs them. Two, parted by white space, make two signatures: for the time of a rotation. */
  WEBHOOK_SECRET: v.optional(webhookSecrets),
  /** Days. How long the audit trail is kept. */
  AUDIT_RETENTION_DAYS: v.optional(whole(1, 3_650), 365),
  /** Which requests leave a line in the log: `all`, `errors` (429 and 5xx), or `off`, which leaves the 5xx. */
  REQUEST_LOG: v.optional(v.picklist(['all', 'errors', 'off'], 'not_all_errors_or_off'), 'all'),
  /** Whether answers say what they spent their time on. It tells strangers more than they need: for development. */
  SERVER_TIMING: v.optional(v.picklist(['on', 'off'], 'not_on_or_off'), 'off'),
  /** Cloudflare Turnstile: where it is set, a stranger whose budget is used up may solve a challenge instead of waiting. */
  TURNSTILE_SECRET: v.optional(v.string()),
  /** Where a solved challenge is verified. */
  TURNSTILE_VERIFY_URL: v.optional(url, 'https://challenges.cloudflare.com/turnstile/v0/siteverify'),
  /** Where the doorkeeper's objects live: the region of the D1 database. Not left to the first caller, who may be the attacker. */
  DOORKEEPER_LOCATION: v.optional(v.picklist(LOCATIONS, 'not_a_location'), 'apac'),
  /** bcrypt's log2 of rounds. 12 is what Python's `gensalt()` gives; each step doubles the work. */
  BCRYPT_COST: v.optional(whole(10, 16), 12),
  /** Origins whose pages may call this service from a browser. None by default. */
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
)

export type Config = v.InferOutput<typeof settings>

type Reading = { config: Config } | { errors: FieldError[] }
const readings = new WeakMap<object, Reading>()

/**
 * The settings of this isolate, validated once per environment object.
 * @throws Problem `not_ready` with the names of the settings that are wrong, never their values
 */
export function config(env: object): Config {
  let reading = readings.get(env)
  if (!reading) readings.set(env, (reading = read(env)))
  if ('errors' in reading) throw new Problem('not_ready', { errors: reading.errors })
  return reading.config
}

/** What works but should not stay so. */
export function warnings(config: Config): FieldError[] {
  const { LATCHKEY_SECRET, JWT_SECRET_KEY, LEGACY_TOKENS_UNTIL, PUBLIC_URL, MAIL_FROM } = config
  return [
    ...(LATCHKEY_SECRET === undefined ? [{ field: 'LATCHKEY_SECRET', code: 'derived_from_jwt_secret_key' }] : []),
    ...(LATCHKEY_SECRET === JWT_SECRET_KEY ? [{ field: 'LATCHKEY_SECRET', code: 'same_as_jwt_secret_key' }] : []),
    ...(LEGACY_TOKENS_UNTIL !== undefined ? [{ field: 'LEGACY_TOKENS_UNTIL', code: 'remove_after_migration' }] : []),
    ...(PUBLIC_URL === undefined ? [{ field: 'PUBLIC_URL', code: 'missing' }] : []),
    ...(MAIL_FROM.endsWith('@example.com') ? [{ field: 'MAIL_FROM', code: 'an_example' }] : []),
  ]
}

function read(env: object): Reading {
  // An empty variable is one that nobody set: `ALLOWED_ORIGINS=` in a file means none.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = v.safeParse(complete, { ...('MAIL_URL' in given && { MAIL_DRIVER: 'http' }), ...given })
  if (result.success) return { config: result.output }
  const errors = result.issues.map((issue) => ({
    field: v.getDotPath(issue) ?? '',
    code: issue.input === undefined ? 'missing' : issue.message,
  }))
  return { errors: errors.filter(({ field }, i) => errors.findIndex((other) => other.field === field) === i) }
}
