import { config } from '../config.ts'
import type { Call, SignedInCall } from '../core/call.ts'
import type { Session } from '../core/sessions/session.ts'
import { now } from '../lib/time.ts'
import type { Asked } from './app-env.ts'
import { originOf } from './origin.ts'

type Handled = Asked & { set: (key: 'call', value: Call) => void }

/** The call of a request, created on first use. Behind a guard it includes the session. */
export function callOf(c: Handled & { var: { session: Session } }): SignedInCall
export function callOf(c: Handled): Call
export function callOf(c: Handled & { var: { session?: Session } }): Call | SignedInCall {
  const { session } = c.var
  const call = c.var.call ?? newCall(c)
  return session === undefined ? call : { ...call, session }
}

function newCall(c: Handled): Call {
  const call: Call = {
    env: c.env,
    settings: config(c.env),
    origin: originOf(c),
    now: now(),
    due: new Set(),
    registry: c.var.registry,
  }
  c.set('call', call)
  return call
}
