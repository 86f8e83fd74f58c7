import * as v from 'valibot'
import { fromBase64url } from './lib/bytes.ts'

/* The types of settings. */

/** A secret under 32 bytes is weaker than the hash that it keys (RFC 7518 section 3.2, NIST SP 800-107). */
const SECRET_MIN_BYTES = 32

/** Secrets that are long enough but printed in public documentation, so everyone knows them. */
const WELL_KNOWN_SECRETS = new Set([
  'a-string-secret-at-least-256-bits-long', // jwt.io
  '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf', // Flask's configuration page
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7', // FastAPI's OAuth2 tutorial
  'replace-me-with-32-random-bytes-or-more', // a common placeholder in templates
])

export const secret = v.pipe(
  v.string('missing'),
  v.check((text) => new TextEncoder().encode(text).length >= SECRET_MIN_BYTES, 'too_short'),
  v.check((text) => !WELL_KNOWN_SECRETS.has(text), 'well_known'),
)

export const whole = (min: number, max: number) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number))], 'not_a_number'),
    v.integer('not_a_number'),
    v.minValue(min, 'too_small'),
    v.maxValue(max, 'too_large'),
  )

/** Exact origins, separated by commas or white space: `https://app.example https://www.example`. Never a pattern. */
export const origins = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => URL.canParse(item) && new URL(item).origin === item), 'not_an_origin'),
)

/** A time in RFC 3339, or a date, which begins at midnight UTC. The result is in seconds since 1970. */
export const time = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))?$/, 'not_a_time'),
  v.transform((text) => Math.floor(Date.parse(text) / 1000)),
  v.check((seconds) => !Number.isNaN(seconds), 'not_a_time'),
)

/** An https address, or one on this machine. */
export const url = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && isSafe(new URL(text)), 'not_an_https_url'),
)

/**
 * Exact addresses, separated by commas or white space, in the spelling that `new URL` gives them (a bare origin may
 * omit its slash). Users may be sent to them after signing in, so nothing about them is left to interpretation.
 */
export const returnUrls = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => isExactUrl(item)), 'not_an_exact_url'),
)

function isExactUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { href, host } = new URL(text)
  // The URL parser accepts hosts that contain `;`, which would end a directive of the Content-Security-Policy.
  return isSafe(new URL(text)) && /^[\w.:[\]-]+$/.test(host) && [text, `${text}/`].includes(href) && !text.includes('@')
}

/** An image on another site by https, or a path on this site. */
export const image = v.pipe(
  v.string(),
  v.check(
    (text) => (/^\/[\w./-]+$/.test(text) && !text.startsWith('//') ? true : isExactUrl(text)),
    'not_an_https_url',
  ),
)

const isSafe = (address: URL): boolean => address.protocol === 'https:' || isLoopbackUrl(address)

const isLoopbackUrl = ({ protocol, hostname }: URL): boolean =>
  protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** An http address on this machine. */
export const loopbackUrl = v.pipe(
  v.string(),
  v.check((text) => URL.canParse(text) && isLoopbackUrl(new URL(text)), 'not_on_this_machine'),
)

/** Origins to which requests are sent. */
export const safeOrigins = v.pipe(
  origins,
  v.check((list) => list.every((item) => isSafe(new URL(item))), 'not_an_https_url'),
)

/** A tenant of Microsoft Entra: an id, or a word for several of them. Tokens never name a tenant by its domain. */
export const tenant = v.pipe(
  v.string(),
  v.regex(/^(?:common|organizations|consumers|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i, 'not_a_tenant'),
  v.toLowerCase(),
)

/**
 * Standard Webhooks: `whsec_` and 24 to 64 bytes in base64. Two of them, separated by white space, while receivers
 * change over.
 */
export const webhookSecrets = v.pipe(
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

/** Names as in `location.hostname`, separated by commas or white space. */
export const hostnames = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => /^[a-z0-9.-]+$/.test(item)), 'malformed'),
)

/** Names of hosts, `*` for all of them, and names with a `-` before them for those that are meant by neither. */
export const documentHosts = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => /^(?:\*|-?(?:[a-z\d-]+\.)+[a-z\d-]+)$/.test(item)), 'malformed'),
)

/** `name:secret`, separated by commas or white space. A name may appear twice while its secret is changed. */
export const backends = v.pipe(
  v.string(),
  v.transform((text) => text.split(/[\s,]+/).filter(Boolean)),
  v.check((list) => list.every((item) => /^[a-z][a-z0-9-]{0,31}:/.test(item)), 'malformed'),
  v.check((list) => list.every((item) => v.is(secret, item.slice(item.indexOf(':') + 1))), 'too_short'),
)

/** The location hints of Durable Objects. */
export const LOCATIONS = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const

const number = v.pipe(v.string(), v.regex(/^[\w-]+$/))
const coordinate = v.pipe(v.string(), v.regex(/^[\w-]{43}$/)) // 32 bytes
const common = {
  kid: v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/)),
  /** `next`: published, but signs nothing yet. `previous`: only verifies. Without one, it is the current key. */
  latchkey: v.optional(v.picklist(['next', 'current', 'previous'])),
  /** Whole seconds: since when it is that. `secret rotate signing` writes and reads it. */
  since: v.optional(v.pipe(v.number(), v.integer())),
}
const ec = { ...common, alg: v.literal('ES256'), kty: v.literal('EC'), crv: v.literal('P-256') }
const rsa = { ...common, alg: v.literal('RS256'), kty: v.literal('RSA'), n: number, e: v.literal('AQAB') }
const signingKey = v.union([
  v.object({ ...ec, x: coordinate, y: coordinate, d: v.optional(coordinate) }),
  v.object({ ...rsa, d: number, p: number, q: number, dp: number, dq: number, qi: number }),
  v.object({ ...rsa, d: v.optional(v.undefined()) }),
])

/** A key of `SIGNING_KEYS`. Without `d`, it has only its public half. */
export type SigningJwk = v.InferOutput<typeof signingKey>

/** The key that signs: the first one with its private half that is neither `next` nor `previous`. */
export const currentKey = (keys: readonly SigningJwk[], alg: SigningJwk['alg']): SigningJwk | undefined =>
  keys.find((key) => key.alg === alg && key.d !== undefined && (key.latchkey ?? 'current') === 'current')

/** NIST SP 800-131A, RFC 7518 section 3.3. Verifying under a larger key costs others more than it gives. */
const RSA_BITS = { min: 2048, max: 4096 }

/**
 * A JSON array of JWKs, or a JWK Set (RFC 7517 section 5): keys for ES256 and RS256, each with a `kid` of its own. The
 * array is checked as a whole, because an error of one of its members would repeat a part of the secret.
 */
export const signingKeys = v.pipe(
  v.string('malformed'),
  v.transform(keysIn),
  v.check((keys) => keys.length > 0 && new Set(keys.map(({ kid }) => kid)).size === keys.length, 'malformed'),
  v.check((keys) => keys.every((key) => key.kty === 'EC' || bitsOf(key.n) >= RSA_BITS.min), 'too_short'),
  v.check((keys) => keys.every((key) => key.kty === 'EC' || bitsOf(key.n) <= RSA_BITS.max), 'too_large'),
  v.check((keys) => currentKey(keys, 'ES256') !== undefined, 'no_key_for_es256'),
  v.check((keys) => currentKey(keys, 'RS256') !== undefined, 'no_key_for_rs256'),
)

function keysIn(text: string): SigningJwk[] {
  try {
    const set: unknown = JSON.parse(text)
    const keys = Array.isArray(set) ? set : (set as { keys?: unknown }).keys
    return v.parse(v.pipe(v.array(signingKey), v.maxLength(16)), keys)
  } catch {
    return []
  }
}

function bitsOf(modulus: string): number {
  const bytes = fromBase64url(modulus)
  return bytes.length * 8 - (Math.clz32(bytes[0]!) - 24)
}
