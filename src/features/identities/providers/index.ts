import { type Config, PROVIDER_SETTINGS } from '../../../config.ts'
import { Problem } from '../../../problem.ts'
import { apple } from './apple.ts'
import { github } from './github.ts'
import { google } from './google.ts'
import { kakao } from './kakao.ts'
import { microsoft } from './microsoft.ts'
import { naver } from './naver.ts'
import { oidc } from './oidc.ts'
import type { Provider } from './provider.ts'

/** All providers, in the order of their buttons. */
export const providers: readonly Provider[] = [kakao, naver, google, apple, microsoft, github, oidc]

/** Whether a provider can be used. It needs its settings, an address to return to, and a key that no other service has. */
const isOn = (settings: Config, { name }: Provider): boolean =>
  settings.PUBLIC_URL !== undefined &&
  settings.LATCHKEY_SECRET !== undefined &&
  PROVIDER_SETTINGS[name].every((setting) => settings[setting] !== undefined)

/** The providers that can be used. */
export const providersOn = (settings: Config): Provider[] => providers.filter((one) => isOn(settings, one))

/** The provider in an address. @throws Problem 404 `not_found` if there is none, or if it is off */
export function providerAt(settings: Config, name: string): Provider {
  const provider = providersOn(settings).find((one) => one.name === name)
  if (!provider) throw new Problem('not_found')
  return provider
}
