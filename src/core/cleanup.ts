import type { Config } from '../config.ts'
import { logError } from '../lib/log.ts'
import { causeOf } from '../problem.ts'
import type { Feature, Features } from './call.ts'
import { batch } from './d1.ts'
import { rooms } from './rooms.ts'

/** Rows that one pass deletes from one table. A D1 statement may run for 30 s, and other queries wait meanwhile. */
const PASS_ROWS = 5_000

/**
 * Deletes expired rows that no later request can need. Mails and events that have waited too long are given up and
 * recorded in the audit trail, even if nothing would deliver them.
 */
export async function cleanUp(db: D1Database, settings: Config, now: number, features: Features = []): Promise<void> {
  const expiredOf = ({ expires }: Feature) => expires?.({ now, settings, limit: PASS_ROWS }) ?? []
  await batch(db, rooms.flatMap(expiredOf))
  // Each feature has its own batch, so that the failure of one does not stop the others.
  const passOf = async (feature: Feature) => {
    try {
      const statements = expiredOf(feature)
      if (statements.length > 0) await batch(db, statements)
    } catch (error) {
      logError('expires_failed', causeOf(error), { feature: feature.name })
      throw error
    }
  }
  const passes = await Promise.allSettled(features.map(passOf))
  for (const pass of passes) if (pass.status === 'rejected') throw pass.reason
}
