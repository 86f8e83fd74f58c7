import * as v from 'valibot'
import { check, jsonOf } from '../../http/body.ts'
import { prefilter } from '../../http/prefilter.ts'
import { utf8 } from '../../lib/bytes.ts'
import { type ShownAgain, shownAgain } from '../../signing-in/inputs.ts'

/* The input and the rate limit of each use-case. */

export const refreshing = { limit: prefilter('refresh'), input: v.object({ refresh_token: v.string() }) }

/** What a form shows again. A passkey is JSON text, with its ticket in the field `challenge`. */
export function shownIn(fields: URLSearchParams): ShownAgain {
  const text = (name: string) => fields.get(name) ?? undefined
  const credential = text('credential')
  return check(shownAgain, {
    password: text('password'),
    totp: text('totp'),
    code: text('code'),
    ticket: text('challenge') ?? text('ticket'),
    credential: credential && jsonOf(utf8(credential).buffer),
  })
}

export const confirming = { limit: prefilter('confirm'), input: shownAgain }
