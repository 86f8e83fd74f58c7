/**
 * Plays two lifetimes of tokens through the set that an isolate keeps: sessions end at an even rate, each while its last
 * token has some of its life left. Says how large the set becomes, and what reading the feed costs.
 *
 *   npx node bench/revocations.ts [users, in millions]
 */
import { expiringSet } from '../src/core/sessions/expiring-set.ts'

const MILLION = 1_000_000
const DAY = 86_400
const MONTH = 30 * DAY
const users = Number(process.argv[2] ?? 100) * MILLION

/** Guesses about people and places, to be replaced by one's own. */
const ACTIVE_DAILY = 0.1
const ENDED_PER_ACTIVE_DAY = 0.5 // signing out, a new password, ...
const ISOLATES = 2_000
const READ_EVERY_SECONDS = 2.5 // half of REVOCATION_MAX_AGE_SECONDS
const PRUNE_EVERY_SECONDS = 600
const DOLLARS_PER_MILLION_ROWS_READ = 0.001

const perSecond = (users * ACTIVE_DAILY * ENDED_PER_ACTIVE_DAY) / DAY
console.log(`${users / MILLION} million users: ${perSecond.toFixed(1)} sessions end in a second`)

for (const ttl of [DAY, 3_600, 900]) {
  const set = expiringSet()
  let [serial, debt, most, bytes, slowest] = [0, 0, 0, 0, 0]
  for (let now = 1; now <= 2 * ttl; now++) {
    for (debt += perSecond; debt >= 1; debt--) set.add(String(serial++), now + Math.ceil(Math.random() * ttl))
    if (now % PRUNE_EVERY_SECONDS === 0) {
      const startedAt = performance.now()
      set.prune(now)
      slowest = Math.max(slowest, performance.now() - startedAt)
    }
    most = Math.max(most, set.size())
    bytes = Math.max(bytes, set.bytes())
  }
  const size = `${most.toLocaleString('en')} sessions in ${(bytes / 2 ** 20).toFixed(0)} MiB`
  console.log(`  tokens of ${ttl} s: at most ${size}, pruned in ${slowest.toFixed(0)} ms`)
}

const queries = ISOLATES / READ_EVERY_SECONDS
const dollars = ((perSecond + 1 / READ_EVERY_SECONDS) * ISOLATES * MONTH * DOLLARS_PER_MILLION_ROWS_READ) / MILLION
console.log(
  `  ${ISOLATES} isolates: ${queries} reads in a second, ${dollars.toFixed(0)} dollars of rows read in a month`,
)
