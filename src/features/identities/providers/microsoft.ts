// @ts-expect-error: made for the author's own client, and without a type
import { _expectedIssuer, type AuthorizationServer } from 'oauth4webapi'
import { isTrue, named, type Provider, text } from './provider.ts'

const HOST = 'https://login.microsoftonline.com'

/** The tenant of personal accounts. */
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'

/**
 * OpenID Connect. Each tenant is an issuer of its own, named by the claim `tid`. An administrator of a tenant writes any
 * address into the claim `email` ("nOAuth"). Only the optional claim `xms_edov` says that the tenant has proven its domain.
 */
export const microsoft: Provider = {
  name: 'microsoft',
  brand: named('Microsoft'),
  button: { ko: 'Microsoft 계정으로 로그인' },
  server: (at, { MICROSOFT_TENANT: tenant }) => {
    const as: AuthorizationServer = {
      issuer: at(`${HOST}/${tenant}/v2.0`),
      authorization_endpoint: at(`${HOST}/${tenant}/oauth2/v2.0/authorize`),
      token_endpoint: at(`${HOST}/${tenant}/oauth2/v2.0/token`),
      jwks_uri: at(`${HOST}/${tenant}/discovery/v2.0/keys`),
    }
    // What the library compares `iss` with.
    const expected = ({ claims: { tid } }: { claims: { tid?: unknown } }) => {
      if (!isOf(tid, tenant)) throw new Error('The tenant is not among those of the settings.')
      return at(`${HOST}/${tid}/v2.0`)
    }
    return Object.assign(as, { [_expectedIssuer]: expected })
  },
  scope: 'openid email profile',
  client: ({ MICROSOFT_CLIENT_ID }) => ({ client_id: MICROSOFT_CLIENT_ID! }),
  secret: ({ MICROSOFT_CLIENT_SECRET }) => MICROSOFT_CLIENT_SECRET!,
  profile: ({ claims, issuer }) => {
    const vouched = isTrue(claims['xms_edov'])
    return { issuer, subject: claims.sub!, email: text(claims['email']), vouched, name: text(claims['name']) }
  },
}

/** Whether a tenant, as a token names it, is among those that the setting allows. */
function isOf(tid: unknown, tenant: string): tid is string {
  if (typeof tid !== 'string' || !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(tid)) return false
  if (tenant === 'organizations') return tid !== CONSUMERS
  return tenant === 'common' || tid === (tenant === 'consumers' ? CONSUMERS : tenant)
}
