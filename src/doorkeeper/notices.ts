import { today } from './mails.ts'
import type { State } from './state.ts'

/** Somebody with the password who changes devices all day has been reported ten times. */
const MAX_NOTICES_PER_DAY = 10

/** Mails that strangers request do not count among them. */
const noticesOf = ({ notices }: State, now: number) => today(notices, now)

/** Whether one more notice of a new device may be sent today. */
export const mayReport = (state: State, now: number): boolean => noticesOf(state, now).sent < MAX_NOTICES_PER_DAY

/**
 * Marks a device as one to be reported. Until `reported`, it makes no other device known: whoever cancels a request
 * between this and the notice must be reported next time.
 */
export const toReport = (state: State, id: string): State => ({
  ...state,
  unreported: [...(state.unreported ?? []), id].filter((own) => state.devices.some((device) => device.id === own)),
})

/** The notice about a device is written. */
export function reported(state: State, id: string, now: number): State {
  const { started_at, sent } = noticesOf(state, now)
  const unreported = state.unreported?.filter((other) => other !== id)
  return { ...state, unreported, notices: { started_at, sent: sent + 1 } }
}
