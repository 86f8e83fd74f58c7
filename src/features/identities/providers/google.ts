import { named, type Provider, text } from './provider.ts'

/** OpenID Connect. Google is authoritative only for addresses that it hosts: those of Gmail and of Workspace (`hd`). */
export const google: Provider = {
  name: 'google',
  brand: named('Google'),
  button: { ko: 'Google 계정으로 로그인' },
  server: (at) => ({
    issuer: at('https://accounts.google.com'),
    authorization_endpoint: at('https://accounts.google.com/o/oauth2/v2/auth'),
    token_endpoint: at('https://oauth2.googleapis.com/token'),
    jwks_uri: at('https://www.googleapis.com/oauth2/v3/certs'),
  }),
  scope: 'openid email profile',
  client: ({ GOOGLE_CLIENT_ID }) => ({ client_id: GOOGLE_CLIENT_ID! }),
  secret: ({ GOOGLE_CLIENT_SECRET }) => GOOGLE_CLIENT_SECRET!,
  profile: ({ claims, issuer }) => {
    const email = text(claims['email'])
    const isHosted = /@g(?:oogle)?mail\.com$/i.test(email ?? '') || text(claims['hd']) !== undefined
    const vouched = claims['email_verified'] === true && isHosted
    return { issuer, subject: claims.sub!, email, vouched, name: text(claims['name']) }
  },
}
