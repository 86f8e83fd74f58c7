import type { Call } from '../../core/call.ts'
import type { Proof } from '../../core/proof.ts'
import type { Session } from '../../core/sessions/session.ts'
import type { CountedUser } from '../../core/users/users.ts'
import type { Who } from '../../doorkeeper/compare.ts'
import { guess } from '../../doorkeeper/rpc.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { prove } from '../../signing-in/prove.ts'
import { wrongCode } from '../../signing-in/wrong-code.ts'
import { endOfStep, stepOf } from './codes.ts'
import { type App, appOf } from './queries.ts'
import { openSecret } from './sealing.ts'

/** The name of the method. */
export const TOTP = 'totp'

/** `state`: the condition on `totp` for the app that is meant. `who`: whose guess it is, if not that of a stranger. */
type Shown = {
  user: CountedUser
  code: string
  state: Sql
  who?: Who
  device_token?: string | undefined
  session?: Session
}

/**
 * Proves that a code comes from the app of a user. Its step is accepted once, and with it every older step: at a sign-in,
 * at a confirmation and at an enrolment together.
 * @throws Problem 401 `invalid_code`, 429 `too_many_attempts`, 503 `not_ready` or `unavailable`
 */
export async function proveCode(call: Call, { user, code, state, who, device_token, session }: Shown): Promise<Proof> {
  const { env, settings, now } = call
  let found: { app: App; step: number } | undefined
  const guessing = { method: TOTP, email: user.email, device_token, ...(who && { who }) }
  const isRight = await guess(call, guessing, async () => {
    const app = await appOf(env.DB, user.id, state)
    const known = app && { secret: await openSecret(settings, app), last_step: app.last_step, now }
    const step = known ? await stepOf(code, known) : undefined
    found = app && step !== undefined ? { app, step } : undefined
    return found !== undefined
  })
  if (!isRight || !found) throw await wrongCode(call, user.id)
  const { app, step } = found
  const isNewer = sql`user_id = ${user.id} AND id = ${app.id} AND last_step < ${step} AND ${state}`
  const proof = prove(call, { user, methods: [TOTP], session })
  return {
    ...proof,
    holds: sql`${proof.holds} AND EXISTS (SELECT 1 FROM totp WHERE ${isNewer})`,
    spends: [{ id: `totp ${app.id} ${step}`, until: endOfStep(step) }],
    alongside: (mine) => [
      sql`UPDATE totp SET last_step = ${step}, last_used_at = ${now}
        WHERE user_id = ${user.id} AND id = ${app.id} AND EXISTS (SELECT 1 FROM users WHERE ${mine})`,
    ],
  }
}
