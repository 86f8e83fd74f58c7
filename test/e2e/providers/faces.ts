/** How each provider differs from plain OpenID Connect, and where its routes are. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { claimsOf, headerOf, isSignedWithEs256 } from './jwt.ts'
import { CLIENT, type Face } from './openid.ts'

export const google: Face = {
  name: 'Google',
  answersIss: true,
  routes: { authorization: '/o/oauth2/v2/auth', token: '/token', jwks: '/oauth2/v3/certs', userinfo: '/v1/userinfo' },
  claims: { openid: ['sub', 'hd'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
}

/** The tenant of everybody with a personal account. */
export const TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad'

export const microsoft: Face = {
  name: 'Microsoft',
  issuerPath: `/${TENANT}/v2.0`,
  routes: {
    authorization: '/oauth2/v2.0/authorize',
    token: '/oauth2/v2.0/token',
    jwks: '/discovery/v2.0/keys',
    userinfo: '/oidc/userinfo',
  },
  claims: {
    openid: ['sub', 'tid', 'oid', 'xms_edov'],
    email: ['email'],
    profile: ['name', 'preferred_username'],
  },
}

export const APPLE = { team: 'TEAM123456', keyId: 'KEY1234567' }
const appleKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
/** As Apple gives it: a file with the ending `.p8`. */
export const applePrivateKey = appleKey.export({ type: 'pkcs8', format: 'pem' }).toString()

const SIX_MONTHS_SECONDS = 15_777_000

/** The secret is a JWT that the client signs. */
function isAppleSecret(secret: string): boolean {
  if (!/^ey[\w-]+\.ey[\w-]+\.[\w-]+$/.test(secret)) return false
  const { alg, kid } = headerOf(secret)
  const { iss, sub, aud, iat, exp } = claimsOf(secret)
  const now = Date.now() / 1000
  return (
    [alg, kid, iss, sub].join() === ['ES256', APPLE.keyId, APPLE.team, CLIENT.id].join() &&
    aud === 'https://appleid.apple.com' && // whatever the address of this one is
    Number(iat) <= now + 60 &&
    Number(exp) > now &&
    Number(exp) <= now + SIX_MONTHS_SECONDS &&
    isSignedWithEs256(secret, createPublicKey(appleKey))
  )
}

export const apple: Face = {
  name: 'Apple',
  routes: { authorization: '/auth/authorize', token: '/auth/token', jwks: '/auth/keys' },
  claims: { openid: ['sub'], email: ['email', 'email_verified', 'is_private_email'], name: [] },
  isSecret: isAppleSecret,
  atFirst: ({ name, email }) => ({ user: JSON.stringify({ name, email }) }),
}

export const kakao: Face = {
  name: '카카오',
  routes: { authorization: '/oauth/authorize', token: '/oauth/token', jwks: '/.well-known/jwks.json' },
  // The id token has the address, and does not say whether it is proven.
  claims: { openid: ['sub'], account_email: ['email'], profile_nickname: ['nickname'] },
  api: {
    '/v2/user/me': ({ sub, email, nickname, is_email_valid = true, is_email_verified = true, id = Number(sub) }) => ({
      id,
      connected_at: '2026-11-01T00:00:00Z',
      kakao_account: {
        ...(email === undefined
          ? { has_email: false }
          : { has_email: true, email_needs_agreement: false, is_email_valid, is_email_verified, email }),
        ...(nickname === undefined ? {} : { profile: { nickname } }),
      },
    }),
  },
}

/** An issuer that is found by discovery. */
export const issuer: Face = {
  name: 'Example ID',
  answersIss: true,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
}
