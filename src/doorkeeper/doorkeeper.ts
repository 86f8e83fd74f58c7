import { DurableObject } from 'cloudflare:workers'
import { config } from '../config.ts'
import { demandsTwo } from '../core/users/second-factor.ts'
import { isEnough, PASSWORD } from '../core/users/ways.ts'
import { findUser, stillProven } from '../core/users/users.ts'
import { hashPassword } from '../core/passwords/passwords.ts'
import { logError } from '../lib/log.ts'
import { now } from '../lib/time.ts'
import { compare, type Compared, type Desk, isNameOf, type Verdict } from './compare.ts'
import { arrivalOf, knownDevice } from './device-tokens.ts'
import {
  type Admission,
  askerOf,
  type Asking,
  type Attempt,
  callerOf,
  type Guess,
  type Visitor,
  type Welcome,
} from './guess.ts'
import { takeMail } from './mails.ts'
import { reported } from './notices.ts'
import {
  bucketOf,
  type BucketName,
  clearCaller,
  emptyState,
  isTheirs,
  openedByOperator,
  returnAttempt,
  settled,
  type State,
  succeed,
  takeAttempt,
  underNewPassword,
} from './state.ts'

/** Milliseconds. How long after its last use the object checks whether its name still belongs to an account. */
const LOOK_AFTER_MS = 86_400_000

/** Milliseconds. How often it checks again while nobody uses it. */
const LOOK_AGAIN_MS = 30 * 86_400_000

/** The number of results kept for callers that repeat a call. */
const REMEMBERED_ATTEMPTS = 100

/**
 * Counts attempts on one account name, existing or not, before it awaits anything. So at most the budget is evaluated,
 * however many arrive at once, and above it only the object's own memory is used. The work is the same for an unknown
 * name.
 * The memory is ahead of the storage by the attempts that are being evaluated. Each is stored with its verdict, and the
 * platform holds back the response until then. So if a crash loses an attempt, nobody has learned its result.
 */
export class Doorkeeper extends DurableObject<Env> {
  private state = this.ctx.storage.kv.get<State>('state') ?? emptyState()

  /** How many times everything was forgotten. An attempt that began before must not store its result afterwards. */
  private forgotten = 0

  /** One running result per attempt. Promises may be shared within one object, because it is a single I/O context. */
  private readonly attempts = new Map<string, Promise<Verdict>>()

  check(attempt: Attempt): Promise<Verdict> {
    const known = this.attempts.get(attempt.id)
    if (known) return known
    const verdict = this.evaluate(attempt).catch((error: unknown): Verdict => {
      logError('doorkeeper', error)
      return { ok: false, reason: 'unavailable' }
    })
    this.attempts.set(attempt.id, verdict)
    if (this.attempts.size > REMEMBERED_ATTEMPTS) this.attempts.delete(this.attempts.keys().next().value!)
    return verdict
  }

  /** Hashes a new password. The work is done here so that it does not slow down the isolate that verifies tokens. */
  async hash(password: string): Promise<string> {
    return hashPassword(password, this.desk.settings.BCRYPT_COST)
  }

  /** Unlocks the account after failures, for an operator. */
  async unlock(): Promise<void> {
    this.store(openedByOperator(this.state))
  }

  /** Counts a mail to this address, or a mail with a code. False: the limit for today is reached. */
  async admitMail(code?: Asking): Promise<boolean> {
    const device = await knownDevice(this.desk, this.state.devices, code?.device_token)
    const asker = code && askerOf(this.state, code, device)
    const { allowed, state } = takeMail(settled(this.state, now()), now(), asker)
    this.store(state)
    return allowed
  }

  /** The devices and networks that the account signed in from. Empty if they belong to another owner of the name. */
  async known(owner: number): Promise<Pick<State, 'devices' | 'networks'>> {
    const { devices, networks } = isTheirs(this.state, owner) ? this.state : emptyState()
    return { devices, networks }
  }

  /** Forgets a device, or all without an id, and so makes its token invalid. False if none was known. */
  async forgetDevice(owner: number, id?: string): Promise<boolean> {
    const { state } = this
    const isMeant = (device: { id: string }) => id === undefined || device.id === id
    const forgotten = isTheirs(state, owner) ? state.devices.filter(isMeant) : []
    if (forgotten.length === 0) return false
    const left = { ...state, devices: state.devices.filter((device) => !isMeant(device)) }
    this.store(forgotten.reduce((next, device) => clearCaller(next, `device ${device.id}`), left))
    return true
  }

  /** After a new password: forgets devices, networks and failed passwords. Failures of other methods stay counted. */
  async passwordReplaced(): Promise<void> {
    const kept = underNewPassword(this.state)
    if (kept === undefined) return this.forget()
    this.forgotten++
    this.store(kept)
  }

  /** Deletes everything, including the storage: the account is gone. */
  async forget(): Promise<void> {
    this.forgotten++
    this.state = emptyState()
    await this.ctx.storage.deleteAll() // including the alarm
  }

  /** Runs a day after the last use, then every thirty days. Deletes state whose name belongs to no account. */
  override async alarm(): Promise<void> {
    const { owner, devices, networks } = this.state
    try {
      const isUnknown = owner === undefined && devices.length + networks.length > 0 // the next attempt tells
      if (isUnknown || (await isNameOf(this.desk, owner))) return await this.lookIn(LOOK_AGAIN_MS)
    } catch {
      return this.lookIn(LOOK_AFTER_MS) // D1 did not answer
    }
    if (this.state.owner === owner) await this.forget() // no account, a new address, or another secret for names
  }

  /** Counts a guess with another method as wrong, before it is compared elsewhere. */
  async admit(method: string, guess: Guess): Promise<Admission> {
    const device = await knownDevice(this.desk, this.state.devices, guess.device_token)
    const bucket = bucketOf(method, callerOf(this.state, guess, device, method))
    const reserved = takeAttempt(settled(this.state, now()), bucket, now())
    if (!reserved.ok) return reserved
    this.store(reserved.state)
    return { ok: true, bucket }
  }

  /** Settles an admitted guess: a right one empties its bucket, and one that was not compared is uncounted. */
  async settle(bucket: BucketName, outcome: 'right' | 'not_compared'): Promise<void> {
    if (this.state.buckets[bucket] === undefined) return // everything was forgotten meanwhile
    this.store(outcome === 'right' ? succeed(this.state, bucket) : returnAttempt(this.state, bucket))
  }

  /** Remembers the device and network after a login in several steps, if the proof still holds. */
  async welcome(visitor: Visitor): Promise<Welcome | undefined> {
    const { forgotten } = this
    const stands = await findUser(this.env.DB, stillProven(visitor))
    const arrival = await arrivalOf(this.desk, this.state, { ...visitor, user_id: visitor.id }, now())
    if (stands === undefined || forgotten !== this.forgotten) return undefined
    this.store(arrival.remember(this.state))
    return { device_token: arrival.token, new_device: arrival.is_new }
  }

  /** The notice about a new device is written: the device is a known one now. */
  async reported(device_token: string): Promise<void> {
    const device = await knownDevice(this.desk, this.state.devices, device_token)
    if (device) this.store(reported(settled(this.state, now()), device.id, now()))
  }

  private async evaluate(attempt: Attempt): Promise<Verdict> {
    const device = await knownDevice(this.desk, this.state.devices, attempt.device_token)
    const caller = callerOf(this.state, attempt, device)
    this.state = settled(this.state, now())
    const reserved = takeAttempt(this.state, caller, now())
    if (!reserved.ok) {
      const { retry_after } = reserved
      const solved = takeAttempt(this.state, 'challenged', now())
      const wait = solved.ok ? 0 : solved.retry_after
      return { ok: false, reason: 'too_many_attempts', retry_after, challenge_after: device ? undefined : wait }
    }
    this.state = reserved.state // nothing was awaited since it was read
    const { forgotten } = this
    let change: Compared['change'] = (state) => state
    try {
      const compared = await compare(this.desk, attempt, caller, this.state.owner, now)
      const { verdict } = compared
      change = compared.change
      if (!verdict.ok) return verdict
      // Reauthentication is not a new device. A user who must prove another factor has not signed in yet.
      const demanded = demandsTwo(this.desk.settings, verdict.user.roles)
      const isArrival = 'email' in attempt.who && isEnough([PASSWORD], verdict.user, attempt.ways, demanded)
      if (!isArrival) return { ...verdict, device_token: undefined }
      const arrival = await arrivalOf(this.desk, this.state, { ...attempt, user_id: verdict.user.id }, now())
      change = (state) => arrival.remember(compared.change(state))
      return { ...verdict, device_token: arrival.token, new_device: arrival.is_new }
    } finally {
      if (forgotten === this.forgotten) this.store(change(this.state))
    }
  }

  private lookIn(milliseconds: number): Promise<void> {
    return this.ctx.storage.setAlarm(Date.now() + milliseconds)
  }

  private get desk(): Desk {
    return { db: this.env.DB, settings: config(this.env), name: this.ctx.id.name ?? '' }
  }

  /** Always the same two writes, so that neither their number nor their time reveals the caller or the name. */
  private store(state: State): void {
    this.state = state
    this.ctx.storage.kv.put('state', state)
    void this.lookIn(LOOK_AFTER_MS) // the platform holds the response back until it is stored
  }
}
