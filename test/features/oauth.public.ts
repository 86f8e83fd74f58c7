import { type Limited, ONCE } from '../policy.ts'

/**
 * Routes that strangers may use: the metadata; what clients call, who show their own secrets, codes and tokens; and the
 * pages, which send whoever is not signed in to the login.
 */
export const strangers = [
  'GET /.well-known/oauth-authorization-server',
  'GET /.well-known/oauth-protected-resource',
  'GET /.well-known/oauth-protected-resource/:path{.+}',
  'GET /.well-known/openid-configuration',
  'GET /oauth/authorize',
  'GET /oauth/continue/:handle',
  'GET /oauth/userinfo',
  'POST /oauth/authorize',
  'POST /oauth/continue/:handle',
  'POST /oauth/revoke',
  'POST /oauth/token',
  'POST /oauth/userinfo',
]

const CLIENT = 'what its applications may ask, counted by application'

/** Nothing of this compares a password or sends mail. A stranger costs a read of the database. */
export const limited: Limited = {
  'GET /oauth/authorize': { network: 'authorize', account: [ONCE] },
  'POST /oauth/authorize': { network: 'authorize', account: [ONCE] },
  'GET /oauth/continue/:handle': { network: 'authorize', account: ['what an account may open, counted by account'] },
  'POST /oauth/continue/:handle': { network: 'authorize', account: ['what an account may open, counted by account'] },
  'POST /oauth/token': { network: 'token', account: [CLIENT] },
  'GET /oauth/userinfo': { network: 'userinfo', account: [CLIENT] },
  'POST /oauth/userinfo': { network: 'userinfo', account: [CLIENT] },
  'POST /oauth/revoke': { network: 'revoke', account: [CLIENT] },
}
