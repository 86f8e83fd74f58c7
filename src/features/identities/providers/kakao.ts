import { member, named, type Provider, text } from './provider.ts'

const ISSUER = 'https://kauth.kakao.com'

/** OpenID Connect. The ID token has an address, but only the API says whether it is proven. */
export const kakao: Provider = {
  name: 'kakao',
  brand: named('Kakao', '카카오'),
  button: { en: 'Login with Kakao', ko: '카카오 로그인' },
  server: (at) => ({
    issuer: at(ISSUER),
    authorization_endpoint: at(`${ISSUER}/oauth/authorize`),
    token_endpoint: at(`${ISSUER}/oauth/token`),
    jwks_uri: at(`${ISSUER}/.well-known/jwks.json`),
  }),
  api: 'https://kapi.kakao.com',
  scope: 'openid account_email',
  client: ({ KAKAO_CLIENT_ID }) => ({ client_id: KAKAO_CLIENT_ID! }),
  secret: ({ KAKAO_CLIENT_SECRET }) => KAKAO_CLIENT_SECRET!,
  profile: async ({ claims, issuer, read }) => {
    const me = await read('/v2/user/me')
    if (String(member(me, 'id')) !== claims.sub) throw new Error('The API names another user than the ID token.')
    const account = member(me, 'kakao_account')
    const vouched = member(account, 'is_email_valid') === true && member(account, 'is_email_verified') === true
    const name = text(member(member(account, 'profile'), 'nickname'))
    return { issuer, subject: claims.sub, email: text(member(account, 'email')), vouched, name }
  },
}
