import { env } from 'cloudflare:workers'
import { registry } from '../../src/app.ts'
import { config } from '../../src/config.ts'
import type { Call } from '../../src/core/call.ts'
import type { Origin } from '../../src/core/origin.ts'
import { now } from '../../src/lib/time.ts'

type Given = { own?: Env; at?: number } & Partial<Origin>

/** A call as a request or a command creates it, for tests that run use-cases and statements directly. */
export function callBy({ own = env, at = now(), ...from }: Given = {}): Call {
  const nowhere = { ip: null, country: null, user_agent: null, language: 'en', request_id: 'test' } as const
  return { env: own, settings: config(own), origin: { ...nowhere, ...from }, now: at, due: new Set(), registry }
}
