import * as v from 'valibot'
import type { Config } from '../../config.ts'

/** What a user may be asked for without anything of the operator's own. */
export const DEFAULT_SCOPE = 'openid profile email offline_access'

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Printable ASCII without spaces. Everything else is written in different ways by different libraries. */
const PRINTABLE = /^[!-~]{1,512}$/

/**
 * Whether answers may be sent to this address: `https`, `http` on this machine, or a scheme of an app's own, which contains
 * a dot (RFC 8252 sections 7.1 and 7.3). It must be spelled as `new URL` spells it, and its host has no character that
 * could end a directive of the Content-Security-Policy.
 */
export function isRedirectUri(text: string): boolean {
  if (!PRINTABLE.test(text) || /[#@\\*]/.test(text) || !URL.canParse(text)) return false
  const { href, protocol, host, hostname } = new URL(text)
  if (![text, `${text}/`].includes(href)) return false
  if (protocol === 'https:') return isPlain(host)
  if (protocol === 'http:') return LOOPBACK.includes(hostname)
  return /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:$/.test(protocol)
}

/** Whether logout tokens may be posted to this address: `https`, or `http` on this machine. */
export const isBackchannelUri = (text: string): boolean => isRedirectUri(text) && /^https?:/.test(text)

const isPlain = (host: string): boolean => /^[\w.:[\]-]+$/.test(host)

const isResource = (text: string): boolean => PRINTABLE.test(text) && !text.includes('#') && URL.canParse(text)

const list = (is: (text: string) => boolean, code: string) =>
  v.optional(v.pipe(v.array(v.pipe(v.string(), v.check(is, code))), v.maxLength(20, 'too_many')), [])

/** Words of RFC 6749 section 3.3, separated by single spaces. */
export const SCOPE = /^[!#-[\]-~]{1,64}(?: [!#-[\]-~]{1,64}){0,31}$/

/** What an operator registers. A public client keeps no secret, so it cannot do without PKCE or act for itself. */
export const registration = v.pipe(
  v.object({
    name: v.pipe(
      v.string(),
      v.trim(),
      v.check((text) => /^[^\p{C}]{1,64}$/u.test(text), 'malformed'),
    ),
    redirect_uris: list(isRedirectUri, 'not_a_redirect_uri'),
    post_logout_redirect_uris: list(isRedirectUri, 'not_a_redirect_uri'),
    backchannel_logout_uri: v.optional(
      v.nullable(v.pipe(v.string(), v.check(isBackchannelUri, 'not_an_https_url'))),
      null,
    ),
    public: v.optional(v.boolean(), false),
    third_party: v.optional(v.boolean(), false),
    scope: v.optional(v.pipe(v.string(), v.regex(SCOPE, 'malformed')), DEFAULT_SCOPE),
    resources: list(isResource, 'not_a_resource'),
    id_token_alg: v.optional(v.picklist(['RS256', 'ES256'], 'not_an_algorithm'), 'RS256'),
    pkce: v.optional(v.boolean(), true),
    credentials: v.optional(v.boolean(), false),
  }),
  v.forward(
    v.check(({ public: isPublic, pkce }) => pkce || !isPublic, 'public'),
    ['pkce'],
  ),
  v.forward(
    v.check(({ public: isPublic, credentials }) => !credentials || !isPublic, 'public'),
    ['credentials'],
  ),
  v.forward(
    v.check(({ redirect_uris, credentials }) => credentials || redirect_uris.length > 0, 'required'),
    ['redirect_uris'],
  ),
)

export type Registration = v.InferOutput<typeof registration>

/**
 * Whether a resource is an audience of this service itself. A token for it could open what belongs to no client. Settings
 * change, so this is asked when a client is registered and again when a token is issued.
 */
export function isOurOwn(resource: string, { JWT_AUDIENCE, PUBLIC_URL }: Config): boolean {
  if (resource === JWT_AUDIENCE) return true
  const url = new URL(resource)
  return PUBLIC_URL !== undefined && url.origin === PUBLIC_URL && /^\/(?:oauth\/.*)?$/.test(url.pathname)
}
