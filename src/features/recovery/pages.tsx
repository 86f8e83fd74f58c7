import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { requireFactorChange, signedSessionOf } from '../../http/guard.ts'
import { submitted, submittedBy } from '../../pages/answer.tsx'
import { RecoveryCodesPage } from '../../pages/recovery-codes.tsx'
import { stepAgain } from '../../pages/second-step.tsx'
import { SECURITY } from '../../pages/security.ts'
import { formOf, page, viewOf } from '../../pages/view.tsx'
import { completeSignIn } from '../../signing-in/browser.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { forms } from './inputs.ts'
import { recovery } from './method.ts'
import { renewCodes } from './renew.ts'

/** The form that takes a recovery code, and the button that makes new ones. */
export const pages = new Hono<AppEnv>()
  .post('/login/recovery', forms.signingIn.limit, formOf('/login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const call = callOf(c)
        const { ticket, recovery_code: code } = typed(forms.signingIn.input, fields)
        const step = { input: { code }, ticket: await ticketIn(call, ticket), instead: await signedSessionOf(c) }
        return completeSignIn(c, fields, await signIn(call, recovery, step))
      },
      stepAgain(c),
    ),
  )

  .post('/account/recovery-codes', forms.renewing.limit, formOf(SECURITY), (c) =>
    submittedBy(c, async (call, fields) => {
      requireFactorChange(call.session)
      const { recovery_codes } = await renewCodes(call)
      const view = viewOf(c, fields)
      return page(c, view, <RecoveryCodesPage view={view} codes={recovery_codes} next={SECURITY} />)
    }),
  )
