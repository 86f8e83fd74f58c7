import * as v from 'valibot'
import { type Chapter, text } from '../../openapi.ts'

const common = { kid: text, use: v.literal('sig') }

export const chapter: Chapter = {
  title: { en: 'Published keys', ko: '공개 키' },
  operations: {
    'GET /oauth/jwks': {
      summary: { en: 'The keys that verify tokens', ko: '토큰을 검증하는 키' },
      description: {
        en: 'A JWK Set (RFC 7517): the current keys, and the ones before and after them while they are replaced. It may be cached for ten minutes. The route is only there when `SIGNING_KEYS` is set.',
        ko: 'JWK Set(RFC 7517)입니다. 현재 키를 반환하며, 키를 교체하는 동안에는 이전 키와 다음 키도 함께 반환합니다. 10분 동안 캐시해도 됩니다. `SIGNING_KEYS`를 설정해야 이 라우트가 생깁니다.',
      },
      answers: {
        200: {
          description: 'The public keys.',
          schema: v.strictObject({
            keys: v.array(
              v.variant('alg', [
                v.strictObject({
                  ...common,
                  alg: v.literal('ES256'),
                  kty: v.literal('EC'),
                  crv: v.literal('P-256'),
                  x: text,
                  y: text,
                }),
                v.strictObject({ ...common, alg: v.literal('RS256'), kty: v.literal('RSA'), n: text, e: text }),
              ]),
            ),
          }),
          example: {
            keys: [
              {
                kid: '6HyBKhcjocJgFVz_v6w7KT7HlTE8NsEDlviyyk2B5Qk',
                kty: 'EC',
                alg: 'ES256',
                use: 'sig',
                crv: 'P-256',
                x: '7HM4c11CSQByeBoBGXb15CePBVBj7O5VYZKKCd1F6js',
                y: 'dPa3obat9gLXOPJc4EJ09lVeIW4sBwbcalRACenWEsw',
              },
            ],
          },
        },
      },
      problems: ['not_found'],
    },
  },
}
