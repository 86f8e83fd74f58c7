import type { Config } from '../../config.ts'
import { type FieldError, Problem } from '../../problem.ts'

/** The site that passkeys belong to (WebAuthn Level 3 section 5.4.2). `id`: its host, without a port. */
export type RelyingParty = { id: string; name: string; origin: string }

/**
 * This service as a relying party, from the settings, never from a request. Passkeys registered under one host are worthless
 * under another.
 * @throws Problem 503 `not_ready` without `PUBLIC_URL` or `LATCHKEY_SECRET`
 */
export function relyingParty({ PUBLIC_URL, LATCHKEY_SECRET, APP_NAME }: Config): RelyingParty {
  const missing = Object.entries({ PUBLIC_URL, LATCHKEY_SECRET }).filter(([, value]) => value === undefined)
  const errors = missing.map(([field]): FieldError => ({ field, code: 'missing' }))
  if (PUBLIC_URL === undefined || errors.length > 0) throw new Problem('not_ready', { errors })
  return { id: new URL(PUBLIC_URL).hostname, name: APP_NAME, origin: PUBLIC_URL }
}

/** Whether this service can have passkeys: under a name, not an IP address (WebAuthn Level 3 section 5.1.2). */
export const hasPasskeys = ({ PUBLIC_URL, LATCHKEY_SECRET }: Config): boolean =>
  PUBLIC_URL !== undefined &&
  LATCHKEY_SECRET !== undefined &&
  !/^(?:\[|\d+(?:\.\d+){3}$)/.test(new URL(PUBLIC_URL).hostname)
