import type { ListedSession } from '../../core/sessions/sessions.ts'
import type { Known } from '../../doorkeeper/rpc.ts'

type Device = Known['devices'][number]

/** One line of the list. `session`: signed in, with this id. `device`: known to the doorkeeper, with this id. */
export type Line = Pick<Device, 'user_agent' | 'ip' | 'country'> & {
  at: number
  session?: string
  device?: string | undefined
}

/** Between the two moments at which a sign-in writes its session and its device. */
const SIGN_IN_SECONDS = 60

/**
 * Sessions and known devices as one list: this session first, and last the devices that are not signed in. The sessions
 * of applications are listed with the applications.
 *
 * Nothing stores which device a session belongs to, but a sign-in writes its time, address and User-Agent into both, and
 * no refresh changes them. If two equal devices sign in within a minute from one address and are mixed up, the wrong one
 * of them is forgotten: it counts as new at its next sign-in, and nothing else.
 */
export function linesOf(sessions: readonly ListedSession[], devices: readonly Device[], here: string): Line[] {
  const free = [...devices]
  const signedIn = sessions
    .filter(({ client }) => client === null)
    .map((session): Line => {
      const i = free.findIndex((device) => isOfOneSignIn(session, device))
      const [device] = i < 0 ? [] : free.splice(i, 1)
      return { ...session, at: session.refreshed_at, session: session.id, device: device?.id }
    })
    .toSorted((one, other) => Number(other.session === here) - Number(one.session === here))
  return [...signedIn, ...free.map((device) => ({ ...device, at: device.used_at, device: device.id }))]
}

const isOfOneSignIn = ({ ip, user_agent, created_at }: ListedSession, device: Device): boolean =>
  device.ip === ip && device.user_agent === user_agent && Math.abs(device.used_at - created_at) <= SIGN_IN_SECONDS
