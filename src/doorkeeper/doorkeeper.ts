import { DurableObject } from 'cloudflare:workers'
import { type Config, config } from '../config.ts'
import type { Client } from '../core/audit.ts'
import { checkPassword, hashPassword, type PasswordCheck, upgradedHash } from '../core/passwords.ts'
import { findUser, hasEmail, type User } from '../core/users.ts'
import { randomId } from '../lib/bytes.ts'
import { network } from '../lib/network.ts'
import { sql } from '../lib/sql.ts'
import { now } from '../lib/time.ts'
import { deviceOf, deviceToken } from './device-tokens.ts'
import {
  type Caller,
  clearBucket,
  type Device,
  emptyState,
  knowDevice,
  knowNetwork,
  returnAttempt,
  succeed,
  type State,
  takeAttempt,
  takeMail,
} from './state.ts'

/** Whose password is to be checked: by an address that somebody typed, or by a session that is signed in. */
export type Who = { email: string } | { user_id: number; session_id: string }

export type Attempt = {
  /** Chosen by the caller, so that asking again after a lost answer is the same attempt. */
  id: string
  who: Who
  password: string
  client: Client
  device_token?: string | undefined
  /** A challenge was solved for this attempt. */
  challenged?: boolean
}

export type Verdict =
  | { ok: true; user: User; hash: string | undefined; device_token: string | undefined }
  | { ok: false; reason: 'too_many_attempts'; retry_after: number; from_device: boolean }
  | { ok: false; reason: 'refused'; user: User | undefined; result: PasswordCheck }
  | { ok: false; reason: 'unavailable' }

type Change = (state: State) => State

/** How long an object of a name that does not exist keeps its counts. Milliseconds. */
const FORGET_AFTER_MS = 86_400_000

/** How many answers are kept for callers that ask again. */
const REMEMBERED_ATTEMPTS = 100

/**
 * The doorkeeper of one account name, existing or not: counts, then compares. Attempts are counted before anything is
 * awaited, so however many arrive at once, no more than the budget are evaluated; past the budget nothing but this
 * object's own memory is touched. The way and the work are the same for a name that nobody has.
 *
 * The memory is ahead of the storage by the attempts that are being evaluated. Each is stored together with its verdict,
 * and the platform lets no answer out before that is done: what a crash forgets, nobody has learned anything from.
 */
export class Doorkeeper extends DurableObject<Env> {
  private state = this.ctx.storage.kv.get<State>('state') ?? emptyState()

  /** How often everything was forgotten: an attempt that began before writes nothing down afterwards. */
  private forgotten = 0

  /** One running answer per attempt. Within one object promises may be shared: it is one context of I/O. */
  private readonly attempts = new Map<string, Promise<Verdict>>()

  check(attempt: Attempt): Promise<Verdict> {
    const known = this.attempts.get(attempt.id)
    if (known) return known
    const verdict = this.evaluate(attempt).catch((error: unknown): Verdict => {
      console.error(JSON.stringify({ level: 'error', code: 'doorkeeper', reason: String(error).slice(0, 200) }))
      return { ok: false, reason: 'unavailable' }
    })
    this.attempts.set(attempt.id, verdict)
    if (this.attempts.size > REMEMBERED_ATTEMPTS) this.attempts.delete(this.attempts.keys().next().value!)
    return verdict
  }

  /** Hashes a password that is to be set. The work belongs here, not beside everybody's tokens. */
  async hash(password: string): Promise<string> {
    return hashPassword(password, this.settings.BCRYPT_COST)
  }

  /** Opens every bucket: the owner has proved the mailbox, or an operator has decided. */
  async unlock(): Promise<void> {
    this.store({ ...this.state, buckets: {}, hour: emptyState().hour })
  }

  /** Counts a mail to this address. False: it has had enough for today. */
  async admitMail(): Promise<boolean> {
    const { allowed, state } = takeMail(this.state, now())
    this.store(state)
    await this.forgetLater()
    return allowed
  }

  /** Where the account was signed in from, as far as it is remembered. */
  async known(): Promise<Pick<State, 'devices' | 'networks'>> {
    const { devices, networks } = this.state
    return { devices, networks }
  }

  /** Forgets a device: its token is worth nothing from now on. False when it was not known. */
  async forgetDevice(id: string): Promise<boolean> {
    const { state } = this
    const devices = state.devices.filter((device) => device.id !== id)
    this.store(clearBucket({ ...state, devices }, `device ${id}`))
    return devices.length < state.devices.length
  }

  /** Forgets everything: the account is gone. */
  async forget(): Promise<void> {
    this.forgotten++
    this.state = emptyState()
    this.ctx.storage.kv.delete('state')
  }

  /** Runs a day after the last attempt. What was counted on a name that nobody has is worth no storage. */
  override async alarm(): Promise<void> {
    if (!this.state.exists) await this.forget()
  }

  private async evaluate(attempt: Attempt): Promise<Verdict> {
    const device = attempt.device_token === undefined ? undefined : await this.knownDevice(attempt.device_token)
    const caller = this.callerOf(attempt, device)
    const reserved = takeAttempt(this.state, caller, now())
    if (!reserved.ok) {
      const { retry_after } = reserved
      return { ok: false, reason: 'too_many_attempts', retry_after, from_device: device !== undefined }
    }
    this.state = reserved.state // nothing was awaited since it was read
    const { forgotten } = this
    let change: Change = (state) => state
    try {
      const compared = await this.compare(attempt, caller, device)
      change = compared.change
      return compared.verdict
    } finally {
      if (forgotten === this.forgotten) this.store(change(this.state))
    }
  }

  /** The verdict on an attempt that is counted, and what it changes in what is remembered by then. */
  private async compare(
    attempt: Attempt,
    caller: Caller,
    device: Device | undefined,
  ): Promise<{ verdict: Verdict; change: Change }> {
    let user: User | undefined
    try {
      user = await findUser(this.env.DB, conditionOf(attempt.who))
    } catch {
      return { verdict: { ok: false, reason: 'unavailable' }, change: (state) => returnAttempt(state, caller) }
    }
    if (!user) await this.forgetLater()
    const failed: Change = (state) => ({ ...state, exists: user !== undefined })
    const succeeded: Change = (state) => succeed(failed(state), caller)

    const { BCRYPT_COST } = this.settings
    const result = await checkPassword(attempt.password, user, BCRYPT_COST)
    const refused = { ok: false, reason: 'refused', user, result } as const
    if (!user || result !== 'match') return { verdict: refused, change: failed }
    if (user.disabled_at !== null || !user.email_verified) return { verdict: refused, change: succeeded }
    const hash = await upgradedHash(attempt.password, user, BCRYPT_COST)
    if (!('email' in attempt.who)) {
      // A session that confirms itself is no new device.
      return { verdict: { ok: true, user, hash, device_token: undefined }, change: succeeded }
    }
    const at = now()
    const { ip, country, user_agent } = attempt.client
    const known = this.state.devices.find(({ id }) => id === device?.id) // unless it was forgotten meanwhile
    const { id, created_at } = known ?? { id: randomId(), created_at: at }
    const device_token = await deviceToken(id, this.name, this.settings)
    return {
      verdict: { ok: true, user, hash, device_token },
      change: (state) =>
        knowDevice(knowNetwork(succeeded(state), network(ip), at), {
          id,
          created_at,
          used_at: at,
          ip,
          country,
          user_agent,
        }),
    }
  }

  private callerOf({ who, client, challenged }: Attempt, device: Device | undefined): Caller {
    if ('session_id' in who) return `session ${who.session_id}`
    if (device) return `device ${device.id}`
    if (challenged) return 'challenged' // whatever the network: it was asked for because that had nothing left
    const name = network(client.ip)
    return this.state.networks.some((known) => known.name === name) ? `network ${name}` : 'stranger'
  }

  private async knownDevice(token: string): Promise<Device | undefined> {
    const id = await deviceOf(token, this.name, this.settings)
    return this.state.devices.find((device) => device.id === id)
  }

  private async forgetLater(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + FORGET_AFTER_MS)
  }

  private get name(): string {
    return this.ctx.id.name ?? ''
  }

  private get settings(): Config {
    return config(this.env)
  }

  private store(state: State): void {
    this.state = state
    this.ctx.storage.kv.put('state', state)
  }
}

const conditionOf = (who: Who) => ('email' in who ? hasEmail(who.email) : sql`id = ${who.user_id}`)
