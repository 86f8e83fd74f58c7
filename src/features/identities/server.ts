import {
  allowInsecureRequests,
  type AuthorizationServer,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from 'oauth4webapi'
import type { Config } from '../../config.ts'
import { now } from '../../lib/time.ts'
import { boundedFetch } from './fetch.ts'
import type { At, Provider } from './providers/provider.ts'

/** Where a provider is, and how it is asked. */
export type Server = { as: AuthorizationServer; at: At; options: Options }

type Options = { [customFetch]: ReturnType<typeof boundedFetch>; [allowInsecureRequests]: boolean }

/** Seconds. How long the metadata of the provider at `OIDC_ISSUER` are kept. */
const MAX_AGE_SECONDS = 3_600

/** What this isolate knows of each issuer. Data, never a promise: no request may wait for what another one began. */
const known = new Map<string, { as: AuthorizationServer; asked_at: number }>()

/** The endpoints of a provider. @throws Error if they cannot be found, or are where the settings do not allow */
export async function serverOf(settings: Config, provider: Provider): Promise<Server> {
  const { TEST_PROVIDERS_URL: base, OIDC_ISSUER = '', OIDC_ORIGINS } = settings
  const at: At = (url) =>
    base === undefined ? url : `${base}/${provider.name}${new URL(url).pathname.replace(/\/$/, '')}`
  const as = provider.server?.(at, settings)
  if (!as) {
    const options = optionsOf([OIDC_ISSUER, ...OIDC_ORIGINS])
    return { as: await discovered(OIDC_ISSUER, options, originsOf([OIDC_ISSUER, ...OIDC_ORIGINS])), at, options }
  }
  const { token_endpoint, jwks_uri } = as
  return { as, at, options: optionsOf([token_endpoint, jwks_uri, provider.api && at(provider.api)]) }
}

type Addresses = readonly (string | undefined)[]

const originsOf = (addresses: Addresses): Set<string> =>
  new Set(addresses.flatMap((address) => (address === undefined ? [] : new URL(address).origin)))

const optionsOf = (addresses: Addresses): Options => ({
  [customFetch]: boundedFetch(originsOf(addresses)),
  // The settings accept such addresses on this machine only.
  [allowInsecureRequests]: addresses.some((address) => address?.startsWith('http:')),
})

/** The metadata of an issuer (OpenID Connect Discovery section 4). If it does not answer, those from before stay in use. */
async function discovered(issuer: string, options: Options, origins: Set<string>): Promise<AuthorizationServer> {
  const found = known.get(issuer)
  if (found && now() - found.asked_at < MAX_AGE_SECONDS) return found.as
  try {
    const url = new URL(issuer)
    const as = await processDiscoveryResponse(url, await discoveryRequest(url, options))
    const endpoints = [as.authorization_endpoint, as.token_endpoint, as.jwks_uri]
    const isNamed = (endpoint?: string) => URL.canParse(endpoint ?? '') && origins.has(new URL(endpoint!).origin)
    if (!endpoints.every(isNamed)) throw new Error('An endpoint is not at an origin that the settings name.')
    known.set(issuer, { as, asked_at: now() })
    return as
  } catch (error) {
    if (found) return found.as
    throw error
  }
}
