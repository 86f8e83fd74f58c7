import type { Config } from '../config.ts'
import { readName, signName } from '../core/keys/signed-names.ts'
import { subkeys } from '../core/keys/subkeys.ts'
import { vouchedIp } from '../core/origin.ts'
import { base64url, fromBase64url, randomId } from '../lib/bytes.ts'
import { deviceName } from '../lib/device-name.ts'
import { network } from '../lib/network.ts'
import type { Desk } from './compare.ts'
import type { Arrival } from './guess.ts'
import { mayReport, toReport } from './notices.ts'
import { type Device, introduce, isTheirs, type State } from './state.ts'

const ID_BYTES = 16
const form = (account: string) => ({ prefix: 'lkd_', bytes: ID_BYTES, context: account }) as const

/**
 * The token that a device sends at its next login, so that it is counted apart from strangers. Valid for one account
 * name.
 */
async function deviceToken(id: string, { name, settings }: Desk): Promise<string> {
  const [key] = await subkeys(settings, 'device token')
  return signName(form(name), fromBase64url(id), key)
}

/** The id of the device in a token that this service made for the account. The device may have been forgotten since. */
export async function deviceOf(token: string, account: string, config: Config): Promise<string | undefined> {
  const name = await readName(form(account), token, await subkeys(config, 'device token'))
  return name && base64url(name)
}

/** The known device that a token belongs to. */
export async function knownDevice(
  { name, settings }: Desk,
  devices: readonly Device[],
  token: string | undefined,
): Promise<Device | undefined> {
  const id = token === undefined ? undefined : await deviceOf(token, name, settings)
  return devices.find((device) => device.id === id)
}

/**
 * Whether the account has devices, and this is none of them. A client that keeps no token counts as known if a device of
 * the same kind signed in from the same network: otherwise each of its logins would be reported.
 */
function isNew({ devices, unreported = [] }: State, { ip, user_agent }: Pick<Device, 'ip' | 'user_agent'>): boolean {
  const isAlike = (known: Device) =>
    network(known.ip) === network(ip) && deviceName(known.user_agent) === deviceName(user_agent)
  return devices.length > 0 && !devices.some((known) => isAlike(known) && !unreported.includes(known.id))
}

/**
 * The next token of the device that a user signed in from, whether to report it as new, and the change that remembers
 * the device and its network.
 */
export async function arrivalOf(desk: Desk, state: State, visitor: Arrival, at: number) {
  const { user_id, origin, device_token } = visitor
  const { ip, country, user_agent } = origin
  const vouched = vouchedIp(origin)
  const theirs = isTheirs(state, user_id)
  const known = theirs ? await knownDevice(desk, state.devices, device_token) : undefined
  const is_new = theirs && !known && isNew(state, origin) && mayReport(state, at)
  const { id, created_at } = known ?? { id: randomId(), created_at: at }
  const device = { id, created_at, used_at: at, ip, country, user_agent }
  return {
    token: await deviceToken(id, desk),
    is_new,
    remember: (state: State) => {
      const met = introduce(state, user_id, device, vouched === null ? undefined : network(vouched))
      return is_new ? toReport(met, id) : met
    },
  }
}
