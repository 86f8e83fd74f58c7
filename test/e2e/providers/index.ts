/** All providers on one loopback address, as `TEST_PROVIDERS_URL` expects them, and the settings that lead there. */
import * as faces from './faces.ts'
import { playGitHub } from './github.ts'
import { playNaver } from './naver.ts'
import { CLIENT, playOpenId } from './openid.ts'
import { serve, type Server } from './server.ts'

const NAMES = ['google', 'apple', 'microsoft', 'github', 'kakao', 'naver', 'oidc'] as const

export async function startProviders() {
  const server: Server = await serve()
  const at = (name: string) => `${server.url}/${name}`
  const players = {
    google: playOpenId(faces.google, at('google')),
    apple: playOpenId(faces.apple, at('apple')),
    microsoft: playOpenId(faces.microsoft, at('microsoft')),
    kakao: playOpenId(faces.kakao, at('kakao')),
    oidc: playOpenId(faces.issuer, at('oidc')),
    github: playGitHub(at('github')),
    naver: playNaver(at('naver')),
  }
  for (const name of NAMES) server.mount(`/${name}`, players[name].handle)
  return {
    ...players,
    requests: server.requests,
    /** Tells all of them where the service is. */
    register: (service: string) => {
      for (const name of NAMES) players[name].register(`${service}/login/with/${name}/callback`)
    },
    vars: {
      TEST_PROVIDERS_URL: server.url,
      ...Object.fromEntries(
        ['GOOGLE', 'MICROSOFT', 'GITHUB', 'KAKAO', 'NAVER', 'OIDC'].flatMap((name) => [
          [`${name}_CLIENT_ID`, CLIENT.id],
          [`${name}_CLIENT_SECRET`, CLIENT.secret],
        ]),
      ),
      APPLE_CLIENT_ID: CLIENT.id,
      APPLE_TEAM_ID: faces.APPLE.team,
      APPLE_KEY_ID: faces.APPLE.keyId,
      APPLE_PRIVATE_KEY: faces.applePrivateKey.trim().replaceAll('\n', '\\n'),
      OIDC_ISSUER: at('oidc'),
      OIDC_NAME: 'Example ID',
    },
    stop: server.stop,
  }
}

export type Providers = Awaited<ReturnType<typeof startProviders>>
