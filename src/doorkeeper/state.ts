import { type Bucket, EMPTY_BUCKET, giveBack, reserve } from './budget.ts'

/** Who tries: a stranger, one who solved a challenge, a network or device that signed in before, a session that stands. */
export type Caller = 'stranger' | 'challenged' | `network ${string}` | `device ${string}` | `session ${string}`

export type Device = {
  id: string
  created_at: number
  used_at: number
  ip: string | null
  country: string | null
  user_agent: string | null
}

/** All that an object remembers. Small, because it is read and written whole. */
export type State = {
  buckets: Partial<Record<Caller, Bucket>>
  networks: { name: string; used_at: number }[]
  devices: Device[]
  /** Failed attempts of all callers in the current hour. */
  hour: { started_at: number; attempts: number }
  /** Whether somebody has this name, as far as is known. */
  exists: boolean
  /** Mails that were asked for in the current day. */
  mails: { started_at: number; sent: number }
}

export const emptyState = (): State => ({
  buckets: {},
  networks: [],
  devices: [],
  hour: { started_at: 0, attempts: 0 },
  exists: false,
  mails: { started_at: 0, sent: 0 },
})

/** Phones, laptops, a tablet. The one that was not used for the longest time makes room. */
const MAX_DEVICES = 10
const MAX_NETWORKS = 8
const MAX_SESSION_BUCKETS = 20

/** However many known networks and devices try at once: no more comparisons than this in an hour. */
const MAX_ATTEMPTS_PER_HOUR = 60
const HOUR_SECONDS = 3_600

/** Verification and reset links to one address. More of them is somebody filling a mailbox. */
const MAX_MAILS_PER_DAY = 10
const DAY_SECONDS = 86_400

type Reserved = { ok: true; state: State } | { ok: false; retry_after: number }

/** Counts an attempt before it is evaluated, against its caller's budget and against that of all together. */
export function takeAttempt(state: State, caller: Caller, now: number): Reserved {
  const hour = now - state.hour.started_at < HOUR_SECONDS ? state.hour : { started_at: now, attempts: 0 }
  const reservation = reserve(state.buckets[caller] ?? EMPTY_BUCKET, now)
  if (hour.attempts >= MAX_ATTEMPTS_PER_HOUR) {
    const rest = hour.started_at + HOUR_SECONDS - now
    return { ok: false, retry_after: reservation.ok ? rest : Math.max(rest, reservation.retry_after) }
  }
  if (!reservation.ok) return reservation
  const buckets = bounded({ ...state.buckets, [caller]: reservation.bucket })
  return { ok: true, state: { ...state, buckets, hour: { ...hour, attempts: hour.attempts + 1 } } }
}

/** Undoes `takeAttempt` where nothing was compared. */
export function returnAttempt(state: State, caller: Caller): State {
  const bucket = state.buckets[caller]
  if (!bucket) return state
  return lessOne({ ...state, buckets: { ...state.buckets, [caller]: giveBack(bucket) } })
}

/** Without a caller's bucket. */
export function clearBucket(state: State, caller: Caller): State {
  const { [caller]: _cleared, ...buckets } = state.buckets
  return { ...state, buckets }
}

/** A right password was no guess: it opens its caller's own bucket and no other, where a storm stays counted. */
export const succeed = (state: State, caller: Caller): State => clearBucket(lessOne(state), caller)

/** One attempt less in the hour. */
function lessOne(state: State): State {
  return { ...state, hour: { ...state.hour, attempts: Math.max(0, state.hour.attempts - 1) } }
}

/** Remembers where somebody signed in from. */
export function knowNetwork(state: State, name: string, now: number): State {
  const others = state.networks.filter((network) => network.name !== name)
  return withoutStrays({ ...state, networks: [{ name, used_at: now }, ...others].slice(0, MAX_NETWORKS) })
}

/** Remembers a device, in place of the one that was not used for the longest time. */
export function knowDevice(state: State, device: Device): State {
  const others = state.devices.filter(({ id }) => id !== device.id)
  return withoutStrays({ ...state, devices: [device, ...others].slice(0, MAX_DEVICES) })
}

/** Whether one more mail may go to this address today. */
export function takeMail(state: State, now: number): { allowed: boolean; state: State } {
  const mails = now - state.mails.started_at < DAY_SECONDS ? state.mails : { started_at: now, sent: 0 }
  if (mails.sent >= MAX_MAILS_PER_DAY) return { allowed: false, state }
  return { allowed: true, state: { ...state, mails: { ...mails, sent: mails.sent + 1 } } }
}

/** A network or a device that made room takes its bucket along: nobody is counted there any more. */
function withoutStrays(state: State): State {
  const known = [
    ...state.networks.map(({ name }) => `network ${name}`),
    ...state.devices.map(({ id }) => `device ${id}`),
  ]
  const kept = Object.entries(state.buckets).filter(
    ([name]) => !/^(network|device) /.test(name) || known.includes(name),
  )
  return { ...state, buckets: Object.fromEntries(kept) }
}

/** Sessions come and go: of their buckets only the latest are kept. Those of strangers and known callers stay. */
function bounded(buckets: State['buckets']): State['buckets'] {
  const names = Object.keys(buckets) as Caller[]
  const sessions = names
    .filter((name) => name.startsWith('session '))
    .sort((a, b) => (buckets[b]?.used_at ?? 0) - (buckets[a]?.used_at ?? 0))
  for (const name of sessions.slice(MAX_SESSION_BUCKETS)) delete buckets[name]
  return buckets
}
