import { atMost } from '../../lib/at-most.ts'
import type { Delivery, Outcome, Waiting } from './queue.ts'

/** Seconds. A pass does not wait longer than this, because the next pass comes within a minute. */
const LONGEST_PAUSE = 20

/** If others of the same claim were accepted, a row refused three times right after a pause may itself be the cause. */
const MOST_REFUSALS = 3

/**
 * Delivers the claims of one pass and returns the outcome of each row. A busy provider slows the pass down: from then
 * on there is one delivery at a time. Before each there is a pause as long as the provider asks for, or else one
 * second, doubled until a delivery is accepted. Refused rows go to the end of their claim. Nothing begins after the end
 * of the pass, so nothing is still being sent when a claim expires.
 */
export function paced<Row extends Waiting>({ atOnce, deliver }: Delivery<Row>, clock: () => number, end: number) {
  let [width, pause] = [atOnce, 1]
  return async (rows: Row[]): Promise<Outcome[]> => {
    const outcomes: Outcome[] = rows.map(() => 'untried')
    let line = rows.map((row, i) => ({ row, i, refusals: 0 }))
    for (;;) {
      const rest: typeof line = []
      const again: typeof line = []
      let [wait, took] = [0, false]
      await atMost(width, line, async (next) => {
        if (wait > 0 || clock() > end) return void rest.push(next)
        const outcome = await deliver(next.row, clock())
        if (outcome === 'done') [took, pause] = [true, 1]
        if (typeof outcome === 'string') return void (outcomes[next.i] = outcome)
        wait = Math.max(wait, outcome.retryAfter ?? 0, pause)
        const isToBlame = !took && ++next.refusals >= MOST_REFUSALS && outcomes.includes('done')
        outcomes[next.i] = isToBlame ? 'later' : 'busy'
        if (!isToBlame) again.push(next)
      })
      if (wait === 0 || wait > LONGEST_PAUSE || clock() + wait > end) return outcomes
      await scheduler.wait(wait * 1000)
      line = [...rest, ...again]
      width = 1
      pause *= 2
    }
  }
}
