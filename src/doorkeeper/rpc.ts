import { config } from '../config.ts'
import type { Call } from '../core/call.ts'
import { vouchedIp } from '../core/origin.ts'
import type { User } from '../core/users/users.ts'
import { randomId } from '../lib/bytes.ts'
import { withDeadline } from '../lib/deadline.ts'
import { logError } from '../lib/log.ts'
import { settle } from '../lib/settle.ts'
import { counted } from '../lib/tally.ts'
import { causeOf, Problem } from '../problem.ts'
import type { Verdict, Who } from './compare.ts'
import { deviceOf } from './device-tokens.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { Asking, Attempt, Welcome } from './guess.ts'
import { countPasswordWork, refuseWhenOverloaded } from './load.ts'
import { accountName } from './names.ts'
import type { State } from './state.ts'

export type Known = Pick<State, 'devices' | 'networks'>

/**
 * The methods of the object. The platform's own stub type turns a union of results into promises that match none of
 * them.
 */
type Methods = Pick<
  Doorkeeper,
  | 'check'
  | 'admit'
  | 'settle'
  | 'welcome'
  | 'reported'
  | 'hash'
  | 'unlock'
  | 'admitMail'
  | 'known'
  | 'forgetDevice'
  | 'passwordReplaced'
  | 'forget'
>

/** Whether a guess at the password of an account is right. It is counted before it is compared. @throws Problem 503 `unavailable` */
export function guessPassword(
  { env, origin, registry }: Call,
  { email, ...attempt }: { email: string } & Omit<Attempt, 'id' | 'origin' | 'ways'>,
): Promise<Verdict> {
  const [id, ways] = [randomId(), registry.methods.map(({ name, kind, ways }) => ({ name, kind, ways }))]
  return callDoorkeeper(env, email, (doorkeeper) => doorkeeper.check({ ...attempt, origin, id, ways }))
}

type Guessed = { method: string; email: string; who?: Who; device_token?: string | undefined }

/**
 * Whether a guess with a method other than the password is right. It is counted before it is compared, and the count is
 * undone if no comparison happened.
 * @throws Problem 429 `too_many_attempts`, 503 `unavailable`, and what `isRight` throws
 */
export async function guess(
  { env, origin }: Call,
  { method, email, who = { email }, device_token }: Guessed,
  isRight: () => Promise<boolean>,
): Promise<boolean> {
  const admission = await callDoorkeeper(env, email, (it) => it.admit(method, { who, origin, device_token }), false)
  if (!admission.ok) {
    throw new Problem('too_many_attempts', { headers: { 'Retry-After': String(admission.retry_after) } })
  }
  const { bucket } = admission
  const settleAs = (outcome: 'right' | 'not_compared') =>
    callDoorkeeper(env, email, (it) => it.settle(bucket, outcome), false)
  let right: boolean
  try {
    right = await isRight()
  } catch (error) {
    await settleAs('not_compared').catch(() => {})
    throw error
  }
  if (right) await settle(settleAs('right'), 'guess_not_settled')
  return right
}

/**
 * Remembers the device and network of a login. Undefined if the account has changed since.
 * @throws Problem 503 `unavailable`
 */
export const introduce = (
  { env, origin }: Call,
  { user, device_token }: { user: User; device_token?: string | undefined },
): Promise<Welcome | undefined> => {
  const { id, epoch } = user
  return callDoorkeeper(env, user.email, (doorkeeper) => doorkeeper.welcome({ id, epoch, origin, device_token }), false)
}

/** The notice about a new device is written. @throws Problem 503 `unavailable` */
export const deviceReported = ({ env }: Call, email: string, device_token: string): Promise<void> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.reported(device_token), false)

type Chosen = { email: string; password: string; stranger?: boolean }

/**
 * Hashes a new password for the account of this address.
 * @throws Problem 503 `overloaded` for a stranger, 503 `unavailable`
 */
export async function hashFor({ env, origin }: Call, { email, password, stranger = false }: Chosen): Promise<string> {
  if (stranger) refuseWhenOverloaded(env, vouchedIp(origin), false)
  await countPasswordWork(env, stranger ? vouchedIp(origin) : null)
  // A stranger's password is hashed by a separate object, so that registering an address a thousand times blocks no
  // login.
  return callDoorkeeper(env, stranger ? `\0${email}` : email, (doorkeeper) => doorkeeper.hash(password))
}

/** Unlocks an account that failed attempts have blocked. @throws Problem 503 `unavailable` */
export const unlock = ({ env }: Call, email: string): Promise<void> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.unlock())

/**
 * Whether another mail may be sent to this address today. `code`: it is a code, and this caller asks for it.
 * @throws Problem 503 `unavailable`
 */
export const admitMail = ({ env }: Call, email: string, code?: Asking): Promise<boolean> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.admitMail(code), false)

type Owner = Pick<User, 'id' | 'email'>

/** The devices and networks that signed in to this account. @throws Problem 503 `unavailable` */
export const knownTo = ({ env }: Call, { id, email }: Owner): Promise<Known> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.known(id))

/** Forgets a device of this account, or all; false if none was known. @throws Problem 503 `unavailable` */
export const forgetDevice = (
  { env }: Call,
  { owner: { id, email }, device }: { owner: Owner; device: string | undefined },
): Promise<boolean> => callDoorkeeper(env, email, (doorkeeper) => doorkeeper.forgetDevice(id, device), false)

/** Reports a new password: devices and networks are strangers until their next login. @throws Problem 503 `unavailable` */
export const passwordReplaced = ({ env }: Call, email: string): Promise<void> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.passwordReplaced())

/** Forgets everything counted and remembered for an address. @throws Problem 503 `unavailable` */
export const forgetAccount = ({ env }: Call, email: string): Promise<void> =>
  callDoorkeeper(env, email, (doorkeeper) => doorkeeper.forget())

/** Whether a device token was made for the account of this address. The device may have been forgotten since. */
export async function isDeviceOf(token: string, email: string, env: Env): Promise<boolean> {
  const settings = config(env)
  return (await deviceOf(token, await accountName(email, settings), settings)) !== undefined
}

/**
 * Calls the doorkeeper of an address, and calls it again if the first call failed and `again` allows it. Repeating an
 * attempt is safe, because it keeps its id. If the doorkeeper cannot be reached, nobody can sign in by password; tokens
 * are still verified and refreshed.
 */
async function callDoorkeeper<T>(
  env: Env,
  email: string,
  method: (doorkeeper: Methods) => Promise<T>,
  again = true,
): Promise<T> {
  const settings = config(env)
  const name = await accountName(email, settings)
  const once = () => {
    const stub: unknown = env.DOORKEEPER.getByName(name, { locationHint: settings.DOORKEEPER_LOCATION })
    return counted('doorkeeper', method(stub as Methods))
  }
  try {
    return await once().catch((error: unknown) => {
      if (!again || isOverloaded(error)) throw error
      return once()
    })
  } catch (cause) {
    throw new Problem('unavailable', { cause, headers: { 'Retry-After': '2' } })
  }
}

/** Milliseconds. */
const DEADLINE_MS = 1_000

/** The result of a call that a request can do without. If it fails or takes too long, undefined, and a line in the log. */
export async function ifAvailable<T>(call: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await withDeadline(call, 'The doorkeeper', DEADLINE_MS)
  } catch (error) {
    logError(code, causeOf(error))
    return undefined
  }
}

/** Cloudflare marks an object that has too much to do. Calling it again would add to its load. */
const isOverloaded = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'overloaded' in error && error.overloaded === true
