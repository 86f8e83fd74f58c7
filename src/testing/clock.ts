import { vi } from 'vitest'

/** Milliseconds since 1970: when the clock was stopped. */
let start = 0
let [isStopped, holdsTimers] = [false, false]

function set(now: number): void {
  vi.useRealTimers()
  const toFake = [
    ...(isStopped ? (['Date'] as const) : []),
    ...(holdsTimers ? (['setTimeout', 'clearTimeout'] as const) : []),
  ]
  if (toFake.length > 0) vi.useFakeTimers({ toFake, now })
}

/**
 * The clock shared by the tests of a vitest pool, the Worker and its objects. While it is stopped, no test depends on the
 * speed of the machine. Alarms, the platform's rate limiters and SQL's `unixepoch()` use the real clock.
 */
export const clock = {
  /** Stops the clock, at a whole second or at the given one (seconds since 1970). */
  stop(at = Math.ceil(Date.now() / 1000)): void {
    isStopped = true
    set((start = at * 1000))
  },
  /** Sets the clock to so many seconds after it was stopped. Stops it first if it runs. */
  set(seconds: number): void {
    if (!isStopped) clock.stop()
    set(start + seconds * 1000)
  },
  /** Moves the clock forward by so many seconds. Stops it first if it runs. */
  forward: (seconds: number): void => {
    if (!isStopped) clock.stop()
    set(Date.now() + seconds * 1000)
  },
  /** Seconds since the clock was stopped. */
  elapsed: (): number => (Date.now() - start) / 1000,
  /** Uses the real time again, including timers. */
  run(): void {
    isStopped = holdsTimers = false
    set(0)
  },
  /** Holds timers that are set from now on: they do not fire by themselves, whether the clock is stopped or runs. */
  holdTimers(): void {
    holdsTimers = true
    set(Date.now())
  },
  /** Discards the held timers. */
  freeTimers(): void {
    holdsTimers = false
    set(Date.now())
  },
  /**
   * Fires the held timers that are due within so many milliseconds. A timer belongs to the context that set it: an
   * object's timer must be fired in the object.
   */
  ring: (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds),
}
