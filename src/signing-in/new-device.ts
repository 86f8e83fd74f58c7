import type { Call } from '../core/call.ts'
import { batch } from '../core/d1.ts'
import type { Mail } from '../core/mail/compose.ts'
import type { Proof } from '../core/proof.ts'
import { ifNotYou } from '../core/users/factor-mails.ts'
import { undoableMail, undoPage } from '../core/users/undo.ts'
import type { User } from '../core/users/users.ts'
import type { Welcome } from '../doorkeeper/guess.ts'
import { deviceReported, ifAvailable, introduce } from '../doorkeeper/rpc.ts'
import { type Sql, sql } from '../lib/sql.ts'

/** The notice of a sign-in from a device that the account has not seen. The feature `undo` lists it. */
export const newDevice = {
  kind: 'new_device',
  words: {
    en: {
      subject: 'New sign-in to your account',
      lines: ['A new device signed in to your account at {app}.', ifNotYou.en],
    },
    ko: {
      subject: '새 기기에서 로그인했습니다',
      lines: ['새 기기에서 {app} 계정에 로그인했습니다.', ifNotYou.ko],
    },
  },
  details: true,
  link: undoPage,
} as const satisfies Mail

/** The statements that mail the notice to the user whom a condition selects. */
export const newDeviceMail = (call: Call, users: Sql): Promise<Sql[]> =>
  undoableMail(call, newDevice, users, 'new_device')

type Visit = { user: User; device_token: string | undefined; proof: Proof; session_id: string }

/**
 * Introduces the device of a new session to the doorkeeper, unless that has happened with the proof, and reports a new
 * one to the user. If the doorkeeper fails or does not respond, the sign-in stands, and the device is a stranger next
 * time. If the notice cannot be written, the sign-in fails, so that nobody gets tokens from a device that is not
 * reported.
 * @throws Problem 503 `unavailable`
 */
export async function meetDevice(
  call: Call,
  { user, device_token, proof, session_id }: Visit,
): Promise<Partial<Welcome>> {
  const isMet = proof.device_token !== undefined
  const met = isMet ? proof : await ifAvailable(introduce(call, { user, device_token }), 'device_not_known')
  if (met?.device_token === undefined) return {}
  if (met.new_device) {
    const started = sql`id = ${user.id} AND EXISTS (SELECT 1 FROM sessions WHERE id = ${session_id})`
    if (!isMet) await batch(call.env.DB, await newDeviceMail(call, started)) // else in the batch of the session
    await ifAvailable(deviceReported(call, user.email, met.device_token), 'device_not_reported')
  }
  return { device_token: met.device_token }
}
