import { vi } from 'vitest'
import { clock as kitClock } from '../../src/testing/clock.ts'

/** The clock of the testing kit, which stands still in every test of ours, with what only our own tests need. */
export const clock = {
  ...kitClock,
  /** Makes the deadlines of `fetch` expire at once. The spy records the requested deadlines. */
  hurry: () =>
    vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(new DOMException('The operation timed out.', 'TimeoutError')), 5)
      return controller.signal
    }),
  /** Replaces waiting by moving the clock forward. */
  skipWaits(): void {
    vi.spyOn(scheduler, 'wait').mockImplementation((milliseconds) => {
      kitClock.forward(milliseconds / 1000)
      return Promise.resolve()
    })
  },
}
