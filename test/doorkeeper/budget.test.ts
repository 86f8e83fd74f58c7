import { describe, expect, it } from 'vitest'
import { type Bucket, EMPTY_BUCKET, giveBack, reserve } from '../../src/doorkeeper/budget.ts'

const START = 1_800_000_000

/** The bucket after an attempt that must be let through. */
function taken(bucket: Bucket, at: number): Bucket {
  const reservation = reserve(bucket, at)
  if (!reservation.ok) throw new Error(`refused for ${reservation.retry_after} s`)
  return reservation.bucket
}

/** Tries again as soon as that is allowed: the times of the attempts that were let through. */
function attack(bucket: Bucket, seconds: number): { times: number[]; bucket: Bucket } {
  const times: number[] = []
  for (let at = START; at < START + seconds;) {
    const reservation = reserve(bucket, at)
    if (reservation.ok) {
      times.push(at)
      bucket = reservation.bucket
    } else {
      expect(reservation.retry_after).toBeGreaterThan(0)
      at += reservation.retry_after
    }
  }
  return { times, bucket }
}

describe('the budget of one kind of caller', () => {
  it('lets five attempts through at once, and pauses for 1 s, 2 s, 4 s up to 15 minutes after each further one', () => {
    let [bucket, at] = [EMPTY_BUCKET, START]
    for (let free = 1; free <= 4; free++) {
      bucket = taken(bucket, at)
      expect(bucket).toEqual({ failures: free, blocked_until: 0, used_at: at })
    }
    for (const pause of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]) {
      bucket = taken(bucket, at)
      expect(bucket).toMatchObject({ blocked_until: at + pause, used_at: at })
      expect(reserve(bucket, at)).toEqual({ ok: false, retry_after: pause })
      expect(reserve(bucket, at + pause - 1)).toEqual({ ok: false, retry_after: 1 })
      at += pause
    }
  })

  it('does not lengthen a pause because somebody knocks during it', () => {
    let bucket = EMPTY_BUCKET
    for (let i = 0; i < 8; i++) bucket = taken(bucket, START + i * 1_000)
    const before = structuredClone(bucket)
    for (let i = 0; i < 8; i++) expect(reserve(bucket, START + 7_000 + i)).toEqual({ ok: false, retry_after: 8 - i })
    expect(bucket).toEqual(before)
  })

  it('closes for good at a hundred failures, however long ago they were', () => {
    let bucket: Bucket = { failures: 98, blocked_until: 0, used_at: 0 }
    bucket = taken(taken(bucket, START), START + 900)
    expect(bucket.failures).toBe(100)
    for (const later of [900, 1_800, 86_400, 10 * 365 * 86_400]) {
      expect(reserve(bucket, START + later)).toEqual({ ok: false, retry_after: 86_400 })
    }
  })

  it('is as before when an attempt that was never evaluated is given back', () => {
    for (const failures of [0, 1, 4, 5, 14, 99]) {
      const bucket: Bucket = { failures, blocked_until: failures < 5 ? 0 : START, used_at: START - 1 }
      const returned = giveBack(taken(bucket, START))
      expect(returned.failures).toBe(failures)
      expect(reserve(returned, START)).toEqual(reserve(bucket, START))
    }
    expect(giveBack(EMPTY_BUCKET).failures).toBe(0)
  })

  it('gives one who never waits longer than he must 17 attempts in an hour, and 100 in all', () => {
    expect(attack(EMPTY_BUCKET, 3_600).times).toHaveLength(17)
    const day = attack(EMPTY_BUCKET, 86_400)
    expect(day.times).toHaveLength(100)
    expect(day.times.at(-1)! - START).toBeLessThan(86_400)
    expect(attack(day.bucket, 365 * 86_400).times).toEqual([])
  })
})
