import { member, named, type Provider, text } from './provider.ts'

const ISSUER = 'https://nid.naver.com'

/**
 * OAuth 2.0 with the API for profiles. Its ID tokens have neither address nor name. People choose the address that Naver
 * passes on, and Naver does not say whether it is proven.
 */
export const naver: Provider = {
  name: 'naver',
  brand: named('Naver', '네이버'),
  button: { ko: '네이버 로그인' },
  server: (at) => ({
    issuer: at(ISSUER),
    authorization_endpoint: at(`${ISSUER}/oauth2.0/authorize`),
    token_endpoint: at(`${ISSUER}/oauth2.0/token`),
  }),
  api: 'https://openapi.naver.com',
  scope: 'profile',
  stateAtToken: true,
  client: ({ NAVER_CLIENT_ID }) => ({ client_id: NAVER_CLIENT_ID! }),
  secret: ({ NAVER_CLIENT_SECRET }) => NAVER_CLIENT_SECRET!,
  profile: async ({ issuer, read }) => {
    const answer = await read('/v1/nid/me')
    const [code, person] = [member(answer, 'resultcode'), member(answer, 'response')]
    const subject = text(member(person, 'id'))
    if (code !== '00' || subject === undefined) throw new Error('The API names no user.')
    return {
      issuer,
      subject,
      email: text(member(person, 'email')),
      vouched: false,
      name: text(member(person, 'nickname')),
    }
  },
}
