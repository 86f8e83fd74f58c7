import { type Context, Hono } from 'hono'
import { readTicket } from '../../core/ticket.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { signedSessionOf } from '../../http/guard.ts'
import { type Refused, submitted } from '../../pages/answer.tsx'
import { loginPage } from '../../pages/login.tsx'
import { RecoveryCodesPage } from '../../pages/recovery-codes.tsx'
import { stepAgain } from '../../pages/second-step.tsx'
import { formOf, page, viewOf } from '../../pages/view.tsx'
import { completeSignIn, keepSignedIn } from '../../signing-in/browser.ts'
import { signIn } from '../../signing-in/finish.ts'
import { accountPages } from './account-pages.tsx'
import { enrol } from './enrol.ts'
import { ceremonyIn, withOwnReason, withWhatToDo } from './form.tsx'
import { enrolled, signingIn } from './inputs.ts'
import { passkey } from './method.ts'
import { ASSERTION } from './options.ts'

/** Signing in with a passkey by a form, and the passkeys of the user's own account. */
export const pages = new Hono<AppEnv>()
  .post('/login/passkey', formOf('/login'), signingIn.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        const call = callOf(c)
        const { ticket: text, credential } = check(signingIn.input, ceremonyIn(fields))
        const ticket = await readTicket(call, ASSERTION, text)
        const signedIn = await signIn(call, passkey, { input: credential, ticket, instead: await signedSessionOf(c) })
        return completeSignIn(c, fields, signedIn)
      },
      again(c),
    ),
  )

  .post('/login/passkey/enrol', formOf('/login'), enrolled.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        const input = check(enrolled.input, ceremonyIn(fields))
        const { recovery_codes, ...signedIn } = await enrol(callOf(c), input, await signedSessionOf(c))
        await keepSignedIn(c, fields, signedIn)
        const view = viewOf(c, fields)
        return page(
          c,
          view,
          <RecoveryCodesPage view={view} codes={recovery_codes} next={view.returnTo ?? '/account'} />,
        )
      },
      (view, fields) => stepAgain(c)(withWhatToDo(view), fields),
    ),
  )

  .route('/', accountPages)

/** Shows the page again whose passkey was refused: the login, or a later step of the sign-in. */
const again =
  (c: Context<AppEnv>): Refused =>
  (view, fields) => {
    const own = withOwnReason(view, fields)
    return fields?.has('ticket') ? stepAgain(c)(own, fields) : loginPage(c, own, fields)
  }
