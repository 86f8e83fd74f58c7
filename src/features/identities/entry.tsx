import type { Entry } from '../../core/call.ts'
import { Buttons } from './views.tsx'
import { IDENTITY } from './queries.ts'

/** The buttons of the providers. Between two steps, and to confirm, the sign-in begins anew at the provider. */
export const entry: Entry = {
  buttons: (view, settings) => Buttons({ view, settings }),
  step: { method: IDENTITY, form: (view, _next, settings) => Buttons({ view, settings }) },
  confirm: { method: IDENTITY, form: (view, _begun, settings) => Buttons({ view, settings }) },
}
