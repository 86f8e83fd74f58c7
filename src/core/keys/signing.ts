import type { Config } from '../../config.ts'
import { base64url, CANONICAL, fromBase64url, utf8 } from '../../lib/bytes.ts'
import { parseJson } from '../../lib/json.ts'
import { Problem } from '../../problem.ts'
import { currentKey, type SigningJwk } from '../../setting-types.ts'

/*
 * Tokens under the keys of `SIGNING_KEYS`, whose public halves everybody may have. A key fixes the algorithm, the header
 * fixes the kind, and all of them say `PUBLIC_URL` as their issuer (RFC 8725 sections 3.1, 3.8 and 3.11).
 */

export type Alg = SigningJwk['alg']

/** Access token (RFC 9068 section 2.1), id token (OpenID Connect Core section 2), logout token (Back-Channel Logout). */
export type Typ = 'at+jwt' | 'JWT' | 'logout+jwt'

/** Our tokens have about 400 characters. Longer ones than this are not worth decoding. */
export const TOKEN_MAX_LENGTH = 8_192

const COMPACT_FORM = new RegExp(`^(${CANONICAL})\\.(${CANONICAL})\\.(${CANONICAL})$`)

const ALGORITHMS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
} as const

/** Which kinds are signed under which algorithm. */
const KINDS: Record<Alg, readonly Typ[]> = {
  ES256: ['at+jwt', 'JWT', 'logout+jwt'],
  RS256: ['JWT', 'logout+jwt'],
}

type Use = 'sign' | 'verify'

/** What one configuration has: each header that a token may have, with its key, and the keys that were imported. */
type Ring = {
  headers: ReadonlyMap<string, { jwk: SigningJwk; typ: Typ }>
  imported: Map<string, CryptoKey>
}

const rings = new WeakMap<Config, Ring>()

/**
 * The issuer of everything that is signed here: `PUBLIC_URL`, an origin without a slash at its end.
 * @throws Problem `not_ready` where it is not set
 */
export function issuerOf({ PUBLIC_URL }: Config): string {
  if (PUBLIC_URL === undefined) throw notReady('PUBLIC_URL')
  return PUBLIC_URL
}

/**
 * Signs these claims, and `iss`. The caller gives all others, their times included.
 * @throws Problem `not_ready` where `SIGNING_KEYS` or `PUBLIC_URL` is not set
 */
export async function signJwt(
  config: Config,
  { alg, typ }: { alg: Alg; typ: Typ },
  claims: Record<string, unknown>,
): Promise<string> {
  const jwk = currentKey(config.SIGNING_KEYS ?? [], alg)
  if (!jwk || !KINDS[alg].includes(typ)) throw notReady('SIGNING_KEYS')
  const payload = base64url(utf8(JSON.stringify({ ...claims, iss: issuerOf(config) })))
  const signed = `${headerOf(jwk, typ)}.${payload}`
  const signature = await crypto.subtle.sign(ALGORITHMS[alg], await imported(config, jwk, 'sign'), utf8(signed))
  return `${signed}.${base64url(new Uint8Array(signature))}`
}

/**
 * The payload of a token of this kind that one of the keys signed and that says our issuer, otherwise undefined. Times,
 * audience and everything else are the caller's to check.
 *
 * The header must be, to the letter, one that `signJwt` writes. So it names the key, the key fixes the algorithm, and
 * whatever else a header could ask for (`crit`, `jku`, `jwk`, another `alg`) belongs to no key.
 */
export async function verifyJwt(
  config: Config,
  unverifiedToken: string,
  { typ }: { typ: Typ },
): Promise<Record<string, unknown> | undefined> {
  const parts = unverifiedToken.length <= TOKEN_MAX_LENGTH && COMPACT_FORM.exec(unverifiedToken)
  if (!parts) return undefined
  const [, header = '', payload = '', signature = ''] = parts
  const known = ringOf(config).headers.get(header)
  if (known?.typ !== typ) return undefined
  const key = await imported(config, known.jwk, 'verify')
  const signed = utf8(`${header}.${payload}`)
  if (!(await crypto.subtle.verify(ALGORITHMS[known.jwk.alg], key, fromBase64url(signature), signed))) return undefined
  try {
    const claims = parseJson(fromBase64url(payload)) as Record<string, unknown>
    return claims['iss'] === issuerOf(config) ? claims : undefined
  } catch {
    return undefined
  }
}

/** The public halves of all keys, current, next and previous (RFC 7517). Empty without `SIGNING_KEYS`. */
export const publicKeys = ({ SIGNING_KEYS = [] }: Config): JsonWebKey[] => SIGNING_KEYS.map(publicHalf)

/** The algorithms that there are keys for. Empty without `SIGNING_KEYS`. */
export const signingAlgs = ({ SIGNING_KEYS }: Config): Alg[] => (SIGNING_KEYS ? ['RS256', 'ES256'] : [])

/**
 * Whether every key can be imported, and its halves belong together. A setting that was cut or mixed up on its way would
 * otherwise show when the first token is refused.
 */
export async function areKeysWhole(config: Config): Promise<boolean> {
  try {
    const probe = utf8('latchkey')
    for (const jwk of config.SIGNING_KEYS ?? []) {
      const verify = await imported(config, jwk, 'verify')
      if (jwk.d === undefined) continue
      const signature = await crypto.subtle.sign(ALGORITHMS[jwk.alg], await imported(config, jwk, 'sign'), probe)
      if (!(await crypto.subtle.verify(ALGORITHMS[jwk.alg], verify, signature, probe))) return false
    }
    return true
  } catch {
    return false
  }
}

/** Only named members, so that no private one can slip through. */
function publicHalf(jwk: SigningJwk): JsonWebKey & { kid: string } {
  const { kid, kty, alg } = jwk
  const numbers = jwk.kty === 'EC' ? { crv: jwk.crv, x: jwk.x, y: jwk.y } : { n: jwk.n, e: jwk.e }
  return { kid, kty, alg, use: 'sig', ...numbers }
}

const headerOf = ({ alg, kid }: SigningJwk, typ: Typ): string => base64url(utf8(JSON.stringify({ alg, typ, kid })))

function ringOf(config: Config): Ring {
  let ring = rings.get(config)
  if (!ring) {
    const entries = (config.SIGNING_KEYS ?? []).flatMap((jwk) =>
      KINDS[jwk.alg].map((typ) => [headerOf(jwk, typ), { jwk, typ }] as const),
    )
    rings.set(config, (ring = { headers: new Map(entries), imported: new Map() }))
  }
  return ring
}

/** Imported when first used, and kept as data, not as a promise: a request that awaits another's can hang forever. */
async function imported(config: Config, jwk: SigningJwk, use: Use): Promise<CryptoKey> {
  const known = ringOf(config).imported
  const name = `${use} ${jwk.kid}`
  let key = known.get(name)
  if (!key) {
    const half = use === 'sign' ? (jwk as JsonWebKey) : publicHalf(jwk)
    key = await crypto.subtle.importKey('jwk', half, ALGORITHMS[jwk.alg], false, [use])
    known.set(name, key)
  }
  return key
}

const notReady = (field: string): Problem => new Problem('not_ready', { errors: [{ field, code: 'missing' }] })
