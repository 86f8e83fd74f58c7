import type { AuthorizationServer, Client, IDToken } from 'oauth4webapi'
import type { Config, PROVIDER_SETTINGS } from '../../../config.ts'
import type { Translated } from '../../../lib/language.ts'

export type ProviderName = keyof typeof PROVIDER_SETTINGS

/** What a provider says about a person. Issuer and subject identify them, an address never does. */
export type Profile = {
  issuer: string
  subject: string
  /** As the provider states it. */
  email: string | undefined
  /** Whether the provider vouches that the person reads the mailbox of this address. */
  vouched: boolean
  /** The name of the account there, for display. */
  name?: string | undefined
}

/**
 * What was received and verified. `claims`: of the ID token; empty without one. `read`: reads a path of the provider's API
 * with the access token.
 */
export type Seen = {
  claims: Partial<IDToken>
  issuer: string
  read: (path: string) => Promise<unknown>
  settings: Config
}

/** Where an address of a known provider is: there, or on this machine in tests. */
export type At = (url: string) => string

/** An identity provider: data, and one function that reads a verified profile. */
export type Provider = {
  /** The word in its addresses and settings. */
  name: ProviderName
  /** What people call it. */
  brand: (settings: Pick<Config, 'OIDC_NAME'>) => Translated
  /** The text of its button, where "Sign in with <brand>" is not what its guidelines say. */
  button?: Partial<Translated>
  /** Its metadata (RFC 8414). Undefined: found at `OIDC_ISSUER`. */
  server?: (at: At, settings: Config) => AuthorizationServer
  /** The origin of its API, if its profile needs one. */
  api?: string
  /** An ID token is required if this contains `openid`. */
  scope: string
  /** Further parameters of the authorization request. */
  parameters?: Record<string, string>
  /** It does not know PKCE. */
  withoutPkce?: true
  /** Its token endpoint wants the `state`, too. */
  stateAtToken?: true
  client: (settings: Config) => Client
  /** Its secret, as `client_secret` in the body. Undefined: by what its metadata say. */
  secret: (settings: Config) => string | Promise<string>
  profile: (seen: Seen) => Profile | Promise<Profile>
}

/** A value of an answer, if it is a short text. The longest subject has 255 characters (OpenID Connect Core section 2). */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(value) ? value : undefined

/** A member of an answer that may be anything. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined

/** Some providers write booleans as texts or numbers. */
export const isTrue = (value: unknown): boolean => value === true || value === 'true' || value === 1 || value === '1'

/** The same name in every language. */
export const named =
  (en: string, ko = en) =>
  (): Translated => ({ en, ko })
