import { type Origin, vouchedIp } from '../core/origin.ts'
import type { User } from '../core/users/users.ts'
import { PASSWORD } from '../core/users/ways.ts'
import { network } from '../lib/network.ts'
import type { Shown, Who } from './compare.ts'
import type { Asker } from './mails.ts'
import type { BucketName, Caller, Device, State } from './state.ts'

/** Who guesses, from where, and the token of a device that signed in before. */
export type Guess = {
  who: Who
  origin: Origin
  device_token?: string | undefined
  /** A challenge was solved for this attempt. */
  challenged?: boolean
}

/**
 * A guess at the password. The caller chooses `id`, so that a repeated call after a lost response is the same attempt.
 */
export type Attempt = Guess & Shown & { id: string }

/** A guess that is compared elsewhere has been counted in `bucket`, which the caller needs if it was right. */
export type Admission = { ok: true; bucket: BucketName } | { ok: false; retry_after: number }

/** Who asks for a mailed code. `proven`: another method was shown in the same sign-in. */
export type Asking = Pick<Guess, 'origin' | 'device_token'> & { proven: boolean }

/** A user who has signed in, and the device token of the request. */
export type Arrival = { user_id: number; origin: Origin; device_token?: string | undefined }

/** The same after several requests, in which the account may have changed. */
export type Visitor = Pick<User, 'id' | 'epoch'> & Omit<Arrival, 'user_id'>

/** The device token for the next login, and whether this one is to be reported to the user. */
export type Welcome = { device_token: string; new_device: boolean }

/**
 * The caller to whom a guess is counted. `device`: the device of the token, if it is known. Every confirmation makes
 * another session, so guesses at anything but the password count for all sessions together. Otherwise whoever has a
 * session and the password could guess codes without end.
 */
export function callerOf(
  { networks }: Pick<State, 'networks'>,
  { who, origin, challenged }: Guess,
  device: Device | undefined,
  method = PASSWORD,
): Caller {
  if ('session_id' in who) return method === PASSWORD ? `session ${who.session_id}` : 'sessions'
  if (device) return `device ${device.id}`
  if (challenged) return 'challenged' // whatever the network, which had no attempts left
  const ip = vouchedIp(origin)
  if (ip === null) return 'stranger'
  const name = network(ip)
  return networks.some((known) => known.name === name) ? `network ${name}` : 'stranger'
}

/** How a request for a code is counted. `device`: the device of the token, if it is known. */
export function askerOf(state: Pick<State, 'networks'>, { origin, proven }: Asking, device: Device | undefined): Asker {
  if (proven) return 'proven'
  return callerOf(state, { who: { email: '' }, origin }, device) === 'stranger' ? 'stranger' : 'known'
}
