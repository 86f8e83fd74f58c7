import { describe, expect, it } from 'vitest'
import { takeMail } from '../../src/doorkeeper/mails.ts'
import {
  bucketOf,
  type BucketName,
  type Caller,
  clearCaller,
  type Device,
  emptyState,
  knowDevice,
  knowNetwork,
  openedByOperator,
  returnAttempt,
  settled,
  type State,
  succeed,
  takeAttempt,
} from '../../src/doorkeeper/state.ts'

const START = 1_800_000_000

/** A state that throws when it is written to: these functions give a new one. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

function taken(state: State, caller: BucketName, at: number): State {
  const reserved = takeAttempt(frozen(state), caller, at)
  if (!reserved.ok) throw new Error(`${caller} is refused for ${reserved.retry_after} s`)
  return reserved.state
}

const device = (n: number): Device => ({
  id: `d${n}`,
  created_at: START + n,
  used_at: START + n,
  ip: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
  country: 'KR',
  user_agent: 'x'.repeat(256),
})

const failures = (state: State) =>
  Object.fromEntries(Object.entries(state.buckets).map(([name, bucket]) => [name, bucket?.failures]))

describe('what an object remembers of attempts', () => {
  it('counts each caller apart: one who has nothing left takes nothing from another', () => {
    const callers: Caller[] = ['stranger', 'challenged', 'network a', 'network b', 'device a', 'session a', 'session b']
    let state = emptyState()
    for (const caller of callers) {
      for (let i = 0; i < 5; i++) state = taken(state, caller, START)
      expect(takeAttempt(state, caller, START)).toEqual({ ok: false, retry_after: 1 })
    }
    expect(failures(state)).toEqual(Object.fromEntries(callers.map((caller) => [caller, 5])))
    expect(state.hour).toEqual({ started_at: START, attempts: 35, strangers: 10, sessions: 10 })
  })

  it('forgets, at a right password, the failures of that caller and no others', () => {
    let state = emptyState()
    for (const caller of ['stranger', 'network a', 'device a', 'stranger'] as const) state = taken(state, caller, START)
    expect(failures(clearCaller(frozen(state), 'device a'))).toEqual({ stranger: 2, 'network a': 1 })
    expect(failures(clearCaller(frozen(state), 'stranger'))).toEqual({ 'network a': 1, 'device a': 1 })
  })

  it('gives back what was never compared, to the caller and to the hour', () => {
    const before = taken(taken(emptyState(), 'stranger', START), 'device a', START)
    const after = returnAttempt(frozen(taken(before, 'stranger', START + 1)), 'stranger')
    expect(failures(after)).toEqual(failures(before))
    expect(after.hour).toEqual(before.hour)
    expect(returnAttempt(frozen(before), 'challenged')).toEqual(before)
  })

  it('lets all callers together have sixty attempts in an hour, and sixty more in the next', () => {
    let state = emptyState()
    for (let i = 0; i < 60; i++) state = taken(state, `device ${i % 15}`, START + i)
    for (const caller of ['stranger', 'device 1', 'network a', 'session a'] as const) {
      expect(takeAttempt(state, caller, START + 600)).toEqual({ ok: false, retry_after: 3_000 })
      expect(takeAttempt(state, caller, START + 3_599).ok).toBe(false)
      expect(takeAttempt(state, caller, START + 3_600).ok).toBe(true)
    }
    expect(taken(state, 'stranger', START + 3_600).hour).toEqual({
      started_at: START + 3_600,
      attempts: 1,
      strangers: 1,
    })
  })

  it('names the longer of two pauses, where both the hour and the caller have nothing left', () => {
    let state = emptyState()
    for (let i = 0; i < 45; i++) state = taken(state, `device ${i}`, START)
    for (let [i, at] = [0, START + 2_500]; i < 15; i++) {
      state = taken(state, 'stranger', at)
      at = Math.max(at, state.buckets.stranger?.blocked_until ?? 0)
    }
    expect(state.hour.attempts).toBe(60)
    expect(state.buckets.stranger?.blocked_until).toBe(START + 2_500 + 1_023 + 900)
    expect(takeAttempt(state, 'stranger', START + 3_550)).toEqual({ ok: false, retry_after: 873 })
    expect(takeAttempt(state, 'device a', START + 3_550)).toEqual({ ok: false, retry_after: 50 })
  })

  it('always names the second at which the next attempt is let through', () => {
    const callers: Caller[] = ['stranger', 'challenged', 'device a', 'device b', 'network a', 'session a']
    let seed = 1
    const random = (n: number) => (seed = (seed * 48_271) % 2_147_483_647) % n
    let [state, at, refusals] = [emptyState(), START, 0]
    for (let i = 0; i < 5_000; i++) {
      at += random(3) * random(120)
      const caller = callers[random(callers.length)]!
      const reserved = takeAttempt(state, caller, at)
      if (reserved.ok) {
        state = random(20) === 0 ? clearCaller(reserved.state, caller) : reserved.state
      } else if ((state.buckets[caller]?.failures ?? 0) < 100) {
        refusals += 1
        expect(takeAttempt(state, caller, at + reserved.retry_after - 1).ok).toBe(false)
        expect(takeAttempt(state, caller, at + reserved.retry_after).ok).toBe(true)
      }
    }
    expect(refusals).toBeGreaterThan(1_000)
  })

  it('holds an attacker who never waits longer than he must to 17 attempts in an hour and 100 in all', () => {
    let [state, attempts] = [emptyState(), 0]
    let hour = 0
    for (let at = START; at < START + 7 * 86_400;) {
      const reserved = takeAttempt(state, 'stranger', at)
      if (reserved.ok) {
        attempts += 1
        if (at < START + 3_600) hour += 1
        state = reserved.state
      } else {
        expect(reserved.retry_after).toBeGreaterThan(0)
        at += reserved.retry_after
      }
    }
    expect([hour, attempts]).toEqual([17, 100])
  })

  it('leaves the owner room in every hour, when strangers and sessions do their worst with every method', () => {
    const callers = ['stranger', 'challenged', 'sessions', 'session a', 'session b'] as const
    const names = ['password', 'totp', 'code'].flatMap((method) => callers.map((caller) => bucketOf(method, caller)))
    let state = emptyState()
    let most = 0
    for (let at = START; at < START + 6 * 3_600; at++) {
      for (const name of names) {
        const reserved = takeAttempt(state, name, at)
        if (reserved.ok) state = reserved.state
      }
      expect(state.hour.strangers).toBeLessThanOrEqual(30)
      expect(state.hour.sessions).toBeLessThanOrEqual(20)
      most = Math.max(most, state.hour.attempts)
      expect(takeAttempt(state, 'device of the owner', at).ok).toBe(true)
      expect(takeAttempt(state, 'totp: network of the owner', at).ok).toBe(true)
    }
    expect(most).toBe(50)
  })

  it('leaves sessions room, when strangers do their worst, and strangers when sessions do', () => {
    const groups = [
      ['stranger', 'totp: stranger', 'challenged'],
      ['session a', 'totp: sessions', 'session b'],
    ] as const
    for (const [ours, theirs] of [groups, groups.toReversed()]) {
      let state = emptyState()
      for (let at = START; at < START + 3_600; at++) {
        for (const name of theirs!) {
          const reserved = takeAttempt(state, name, at)
          if (reserved.ok) state = reserved.state
        }
        for (const name of ours!) expect(takeAttempt(state, name, at).ok).toBe(true)
      }
    }
  })

  it('gives back to strangers and to sessions what was never compared, or was right', () => {
    for (const name of ['totp: stranger', 'totp: sessions', 'session a', 'network a'] as const) {
      const before = taken(taken(taken(emptyState(), 'stranger', START), 'session b', START), 'device b', START)
      const after = frozen(taken(before, name, START))
      expect(returnAttempt(after, name).hour).toEqual(before.hour)
      expect(succeed(after, name)).toEqual(before)
    }
  })

  it('is opened by an operator, except for single sessions and the hour', () => {
    let state = emptyState()
    for (const name of ['stranger', 'totp: stranger', 'totp: sessions', 'session a'] as const) {
      state = taken(state, name, START)
    }
    const opened = openedByOperator(frozen(state))
    expect(failures(opened)).toEqual({ 'session a': 1 })
    expect(opened.hour).toEqual({ started_at: START, attempts: 4, strangers: 2, sessions: 2 })
  })

  it('reads an hour that was stored before there were groups', () => {
    let state: State = { ...emptyState(), hour: { started_at: START, attempts: 58 } }
    state = taken(returnAttempt(taken(state, 'stranger', START + 1), 'stranger'), 'stranger', START + 1)
    expect(state.hour).toEqual({ started_at: START, attempts: 59, strangers: 1 })
    state = taken(state, 'totp: sessions', START + 1)
    for (const name of ['stranger', 'session a', 'device a'] as const) {
      expect(takeAttempt(state, name, START + 1)).toEqual({ ok: false, retry_after: 3_599 })
    }
  })
})

describe('whom an object remembers', () => {
  it('knows the ten devices and the eight networks that were used last', () => {
    let state = emptyState()
    for (let n = 0; n < 10; n++) state = knowDevice(frozen(state), device(n))
    state = knowDevice(frozen(state), { ...device(0), used_at: START + 100 })
    expect(state.devices.map(({ id }) => id)).toEqual(['d0', 'd9', 'd8', 'd7', 'd6', 'd5', 'd4', 'd3', 'd2', 'd1'])
    state = knowDevice(frozen(state), device(10))
    expect(state.devices.map(({ id }) => id)).toEqual(['d10', 'd0', 'd9', 'd8', 'd7', 'd6', 'd5', 'd4', 'd3', 'd2'])

    for (let n = 0; n < 8; n++) state = knowNetwork(frozen(state), `n${n}`, START + n)
    state = knowNetwork(knowNetwork(frozen(state), 'n0', START + 100), 'n8', START + 101)
    expect(state.networks.map(({ name }) => name)).toEqual(['n8', 'n0', 'n7', 'n6', 'n5', 'n4', 'n3', 'n2'])
    expect(state.networks[1]).toEqual({ name: 'n0', used_at: START + 100 })
  })

  it('forgets the failures of a device or a network together with it', () => {
    let state = knowNetwork(knowDevice(emptyState(), device(0)), 'n0', START)
    for (const caller of ['device d0', 'network n0', 'stranger', 'session a'] as const) {
      state = taken(state, caller, START)
    }
    for (let n = 1; n < 10; n++) state = knowDevice(state, device(n))
    for (let n = 1; n < 8; n++) state = knowNetwork(state, `n${n}`, START + n)
    expect(Object.keys(state.buckets).sort()).toEqual(['device d0', 'network n0', 'session a', 'stranger'])
    state = knowDevice(frozen(state), device(10))
    expect(Object.keys(state.buckets).sort()).toEqual(['network n0', 'session a', 'stranger'])
    state = knowNetwork(frozen(state), 'n8', START + 8)
    expect(Object.keys(state.buckets).sort()).toEqual(['session a', 'stranger'])
  })

  it('keeps the counts of the twenty sessions that tried last, and of everybody who is no session', () => {
    let state = taken(taken(emptyState(), 'stranger', START), 'device d0', START)
    for (let n = 0; n < 50; n++) state = taken(state, `session ${n}`, START + 1 + n * 200)
    expect(Object.keys(state.buckets).sort()).toEqual(
      ['device d0', 'stranger', ...Array.from({ length: 20 }, (_, i) => `session ${30 + i}`)].sort(),
    )
  })

  it('stays small, whatever comes', () => {
    let state = emptyState()
    for (let n = 0; n < 1_000; n++) {
      const at = START + n * 3_600
      for (const caller of [`device d${n - 1}`, `network n${n - 1}`, `session ${n}`, 'stranger'] as const) {
        const reserved = takeAttempt(state, caller, at)
        if (reserved.ok) state = reserved.state
      }
      state = takeMail(knowNetwork(knowDevice(state, device(n)), `n${n}`, at), at).state
    }
    expect(JSON.stringify(state).length).toBeLessThan(10_000)
  })
})

describe('the mails to one address', () => {
  it('are ten in a day, and asking for more does not make the day longer', () => {
    let state = emptyState()
    const sent = (at: number) => {
      const mail = takeMail(frozen(state), at)
      state = mail.state
      return mail.allowed
    }
    const first = Array.from({ length: 10 }, (_, i) => sent(START + i * 60))
    expect(first).toEqual(Array<boolean>(10).fill(true))
    for (const later of [600, 3_600, 86_399]) expect(sent(START + later)).toBe(false)
    expect(sent(START + 86_400)).toBe(true)
    expect(state.mails).toEqual({ started_at: START + 86_400, sent: 1 })
  })
})

describe('a clock that was set back by an hour', () => {
  const HOUR = 3_600

  it('has a bucket wait for no longer than its failures ask for, and then be heard', () => {
    for (const [count, pause] of [
      [5, 1],
      [8, 8],
      [40, 900],
    ] as const) {
      const bucket = { failures: count, blocked_until: START + HOUR + pause, used_at: START + HOUR }
      const state = settled(frozen({ ...emptyState(), buckets: { stranger: bucket } }), START)
      expect(takeAttempt(state, 'stranger', START)).toEqual({ ok: false, retry_after: pause })
      expect(settled(state, START)).toEqual(state)
      expect(takeAttempt(state, 'stranger', START + pause).ok).toBe(true)
    }
  })

  it('counts the hour and the day from now, and takes nothing off them', () => {
    const ahead = { started_at: START + HOUR, attempts: 60 }
    const state = settled(
      frozen({ ...emptyState(), hour: ahead, mails: { started_at: START + 90_000, sent: 10 } }),
      START,
    )
    expect(takeAttempt(state, 'stranger', START)).toEqual({ ok: false, retry_after: HOUR })
    expect(takeAttempt(state, 'stranger', START + HOUR).ok).toBe(true)
    expect(takeMail(state, START).allowed).toBe(false)
    expect(takeMail(state, START + 86_400).allowed).toBe(true)
  })

  it('keeps a permanent block, and does not change times in the past', () => {
    const closed = { failures: 100, blocked_until: START + HOUR, used_at: START + HOUR }
    const past = { failures: 7, blocked_until: START + 3, used_at: START - 1 }
    const state = settled({ ...emptyState(), buckets: { stranger: closed, 'device a': past } }, START)
    expect(takeAttempt(state, 'stranger', START)).toEqual({ ok: false, retry_after: 86_400 })
    expect(state.buckets['device a']).toEqual(past)
  })
})
