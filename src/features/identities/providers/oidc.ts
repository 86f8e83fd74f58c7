import { type Provider, text } from './provider.ts'

/** Any OpenID provider, by discovery. It vouches for addresses only where the operator says so. */
export const oidc: Provider = {
  name: 'oidc',
  brand: ({ OIDC_NAME }) => ({ en: OIDC_NAME, ko: OIDC_NAME }),
  scope: 'openid email profile',
  client: ({ OIDC_CLIENT_ID }) => ({ client_id: OIDC_CLIENT_ID! }),
  secret: ({ OIDC_CLIENT_SECRET }) => OIDC_CLIENT_SECRET!,
  profile: ({ claims, issuer, settings }) => {
    const vouched = settings.OIDC_TRUST_EMAIL === 'on' && claims['email_verified'] === true
    return { issuer, subject: claims.sub!, email: text(claims['email']), vouched, name: text(claims['name']) }
  },
}
