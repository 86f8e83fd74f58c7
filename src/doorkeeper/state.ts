import { type Bucket, capped, EMPTY_BUCKET, giveBack, reserve } from './budget.ts'
import { type Hour, returnToHour, takeFromHour } from './hour.ts'
import type { Asker, Mails } from './mails.ts'

/**
 * Who tries: a stranger, a caller who solved a challenge, a network or device that signed in before, a live session, or
 * all sessions together.
 */
export type Caller =
  'stranger' | 'challenged' | `network ${string}` | `device ${string}` | `session ${string}` | 'sessions'

export type Device = {
  id: string
  created_at: number
  used_at: number
  ip: string | null
  country: string | null
  user_agent: string | null
}

/** What is counted together: the guesses of one caller with one method. */
export type BucketName = Caller | `${string}: ${Caller}`

/** The bucket of a caller for a method. Passwords came first, so their buckets have only the caller's name. */
export const bucketOf = (method: string, caller: Caller): BucketName =>
  method === 'password' ? caller : `${method}: ${caller}`

/** The caller of a bucket. */
const callerIn = (name: string): string => name.replace(/^\w+: /, '')

/** Everything that an object remembers. Small, because it is read and written as a whole. */
export type State = {
  buckets: Partial<Record<BucketName, Bucket>>
  networks: { name: string; used_at: number }[]
  devices: Device[]
  hour: Hour
  /**
   * The user who owns this name, these devices and these networks. Undefined if there is none. States stored before
   * this field existed have devices without an owner; those belong to the user of the next attempt.
   */
  owner?: number | undefined
  /** Mails that were requested in the current day. */
  mails: Mails
  /** Mails with a code, counted apart. Undefined in states stored before this field existed. */
  codes?: Partial<Record<Asker, Mails>> | undefined
  /** Notices of new devices that were written in the current day. Undefined in states stored before there were any. */
  notices?: Mails | undefined
  /** The ids of new devices whose notice is not written yet. */
  unreported?: string[] | undefined
}

export const emptyState = (): State => ({
  buckets: {},
  networks: [],
  devices: [],
  hour: { started_at: 0, attempts: 0 },
  mails: { started_at: 0, sent: 0 },
})

/** Phones, laptops, a tablet. A new device replaces the one that was unused for longest. */
const MAX_DEVICES = 10
const MAX_NETWORKS = 8
const MAX_SESSION_BUCKETS = 20

type Reserved = { ok: true; state: State } | { ok: false; retry_after: number }

/**
 * The state with future times limited to now. They come from a clock that was set back, and would block a bucket, or
 * keep an hour running, until the clock is there again.
 */
export function settled(state: State, now: number): State {
  const begun = <T extends { started_at: number }>(span: T): T => ({
    ...span,
    started_at: Math.min(span.started_at, now),
  })
  const buckets = Object.entries(state.buckets).map(([name, bucket]) => [name, bucket && capped(bucket, now)] as const)
  const codes =
    state.codes && Object.fromEntries(Object.entries(state.codes).map(([asker, mails]) => [asker, begun(mails)]))
  const notices = state.notices && begun(state.notices)
  const counts = { hour: begun(state.hour), mails: begun(state.mails), codes, notices }
  return { ...state, buckets: Object.fromEntries(buckets), ...counts }
}

/** Counts an attempt before it is evaluated, against its own bucket and against the hourly limits. */
export function takeAttempt(state: State, name: BucketName, now: number): Reserved {
  const hour = takeFromHour(state.hour, callerIn(name), now)
  const reservation = reserve(state.buckets[name] ?? EMPTY_BUCKET, now)
  if (typeof hour === 'number') {
    return { ok: false, retry_after: reservation.ok ? hour : Math.max(hour, reservation.retry_after) }
  }
  if (!reservation.ok) return reservation
  const buckets = bounded({ ...state.buckets, [name]: reservation.bucket })
  return { ok: true, state: { ...state, buckets, hour } }
}

/** Undoes `takeAttempt` if nothing was compared. */
export function returnAttempt(state: State, name: BucketName): State {
  const bucket = state.buckets[name]
  if (!bucket) return state
  return lessOne({ ...state, buckets: { ...state.buckets, [name]: giveBack(bucket) } }, name)
}

/** The state without a caller's failures, for all methods. */
export const clearCaller = (state: State, caller: Caller): State =>
  withBuckets(state, (name) => callerIn(name) !== caller)

const withBuckets = (state: State, isKept: (name: string) => boolean): State => ({
  ...state,
  buckets: Object.fromEntries(Object.entries(state.buckets).filter(([name]) => isKept(name))),
})

/**
 * The state after its name got another owner, or none. An account may be deleted and its address given to someone else
 * without notice to this object. What was remembered for the former owner is removed, and an attempt counted there
 * becomes a stranger's. The failures of strangers and the hourly count stay, so a change of owner gives nobody more
 * attempts.
 */
export function handedOver(state: State, owner: number | undefined, name: BucketName, now: number): State {
  const bare = ownedBy(state, owner)
  if (bare.buckets[name]) return bare
  const anew = takeAttempt(lessOne(bare, name), 'stranger', now)
  return anew.ok ? anew.state : bare
}

const ownedBy = (state: State, owner: number | undefined): State =>
  state.owner === owner ? state : withoutStrays({ ...state, networks: [], devices: [], owner })

/** Remembers the device of a login, and its network if the address is confirmed. */
export function introduce(state: State, owner: number, device: Device, network: string | undefined): State {
  const theirs = state.owner === undefined ? { ...state, owner } : ownedBy(state, owner)
  return knowDevice(network === undefined ? theirs : knowNetwork(theirs, network, device.used_at), device)
}

/**
 * Unlocks the account so that a blocked caller may try again. The password is the same, so the attempts of this hour
 * stay counted: otherwise repeated unlocking would allow endless guessing. Failures of each session stay counted too,
 * because its owner can sign in again. That does not open what all sessions share, so it is opened here.
 */
export const openedByOperator = (state: State): State =>
  withBuckets(state, (name) => callerIn(name).startsWith('session '))

/** The state after a new password: failures of other methods stay counted, and with them those of the hour. */
export function underNewPassword(state: State): State | undefined {
  const { buckets } = withBuckets(state, (name) => callerIn(name) !== name)
  return Object.keys(buckets).length === 0 ? undefined : { ...emptyState(), buckets, hour: state.hour }
}

/**
 * The state after a right password or code: its own bucket is emptied, and no other, so that an attack in other buckets
 * stays counted.
 */
export const succeed = (state: State, name: BucketName): State =>
  withBuckets(lessOne(state, name), (other) => other !== name)

/** Removes one attempt of a bucket from the current hour. */
function lessOne(state: State, name: BucketName): State {
  return { ...state, hour: returnToHour(state.hour, callerIn(name)) }
}

/** Whether the remembered devices and networks belong to a user. True if no owner is known yet: see `State.owner`. */
export const isTheirs = ({ owner }: Pick<State, 'owner'>, user_id: number): boolean =>
  owner === undefined || owner === user_id

/** Remembers the network of a login. */
export function knowNetwork(state: State, name: string, now: number): State {
  const others = state.networks.filter((network) => network.name !== name)
  return withoutStrays({ ...state, networks: [{ name, used_at: now }, ...others].slice(0, MAX_NETWORKS) })
}

/** Remembers a device. It replaces the one that was unused for longest. */
export function knowDevice(state: State, device: Device): State {
  const others = state.devices.filter(({ id }) => id !== device.id)
  return withoutStrays({ ...state, devices: [device, ...others].slice(0, MAX_DEVICES) })
}

/** Removes the buckets of networks and devices that are no longer remembered, because nobody is counted there. */
function withoutStrays(state: State): State {
  const known = [
    ...state.networks.map(({ name }) => `network ${name}`),
    ...state.devices.map(({ id }) => `device ${id}`),
  ]
  return withBuckets(state, (name) => !/^(network|device) /.test(callerIn(name)) || known.includes(callerIn(name)))
}

/** Keeps only the most recent buckets of single sessions, because these come and go. All other buckets stay. */
function bounded(buckets: State['buckets']): State['buckets'] {
  const names = Object.keys(buckets) as BucketName[]
  const sessions = names
    .filter((name) => callerIn(name).startsWith('session '))
    .sort((a, b) => (buckets[b]?.used_at ?? 0) - (buckets[a]?.used_at ?? 0))
  for (const name of sessions.slice(MAX_SESSION_BUCKETS)) delete buckets[name]
  return buckets
}
