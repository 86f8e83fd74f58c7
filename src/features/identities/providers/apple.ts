import { base64url, fromBase64, utf8 } from '../../../lib/bytes.ts'
import { now } from '../../../lib/time.ts'
import { isTrue, named, type Provider, text } from './provider.ts'

/** Seconds. Apple accepts six months. */
const SECRET_SECONDS = 300

const ISSUER = 'https://appleid.apple.com'

/**
 * OpenID Connect. The issuer is a constant, because Apple's discovery has named another one than its tokens. The answer is a
 * form that Apple's page posts. The name of the person is not asked for: it comes once, and unsigned.
 */
export const apple: Provider = {
  name: 'apple',
  brand: named('Apple'),
  button: { ko: 'Apple로 로그인' },
  server: (at) => ({
    issuer: at(ISSUER),
    authorization_endpoint: at(`${ISSUER}/auth/authorize`),
    token_endpoint: at(`${ISSUER}/auth/token`),
    jwks_uri: at(`${ISSUER}/auth/keys`),
  }),
  scope: 'openid email',
  parameters: { response_mode: 'form_post' },
  withoutPkce: true, // not advertised; the nonce binds the code
  client: ({ APPLE_CLIENT_ID }) => ({ client_id: APPLE_CLIENT_ID! }),
  secret: ({ APPLE_CLIENT_ID, APPLE_TEAM_ID, APPLE_KEY_ID, APPLE_PRIVATE_KEY }) =>
    signed(
      { alg: 'ES256', kid: APPLE_KEY_ID! },
      { iss: APPLE_TEAM_ID!, sub: APPLE_CLIENT_ID!, aud: ISSUER, iat: now(), exp: now() + SECRET_SECONDS },
      APPLE_PRIVATE_KEY!,
    ),
  profile: ({ claims, issuer }) => {
    const vouched = isTrue(claims['email_verified'])
    return { issuer, subject: claims.sub!, email: text(claims['email']), vouched }
  },
}

/** A JWT that a key in PKCS #8, as in Apple's file, signs with ES256. */
async function signed(header: object, claims: object, pem: string): Promise<string> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const der = fromBase64(pem.replaceAll(/-----[^-]+-----|\\n|\s/g, ''))
  const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
  const body = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.')
  return `${body}.${base64url(new Uint8Array(await crypto.subtle.sign(algorithm, key, utf8(body))))}`
}
