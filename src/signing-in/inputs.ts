import * as v from 'valibot'
import { confirmation } from '../core/passwords/credentials.ts'

/** What a signed-in user shows again: the input of one method. `confirm` finds out of which. */
export const shownAgain = v.object({
  password: v.optional(confirmation.entries.password),
  totp: v.optional(v.string()),
  ticket: v.optional(v.string()),
  code: v.optional(v.string()),
  credential: v.optional(v.record(v.string(), v.unknown())),
})
export type ShownAgain = v.InferOutput<typeof shownAgain>
