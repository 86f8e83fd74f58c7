import { Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { requireFactorChange, signedSessionOf } from '../../http/guard.ts'
import { submitted, submittedBy } from '../../pages/answer.tsx'
import { Form, type Props, ProblemPage, Refusal } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { RecoveryCodesPage } from '../../pages/recovery-codes.tsx'
import { nextStepIn, stepAgain, StepForm } from '../../pages/second-step.tsx'
import { SECURITY } from '../../pages/security.ts'
import { formOf, page, type View, viewOf } from '../../pages/view.tsx'
import { completeSignIn, keepSignedIn } from '../../signing-in/browser.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { confirmEnrolment, confirmInSignIn } from './confirm.ts'
import { enrol, enrolInSignIn, type Enrolment, pendingEnrolment, pendingInSignIn } from './enrol.ts'
import { forms } from './inputs.ts'
import { totp } from './method.ts'
import { CodeField, Secret } from './parts.tsx'
import { removeApp } from './remove.ts'
import { words } from './words.ts'

/** The forms of the app. None of them has an address of its own to open: each page is the answer to a form. */
export const pages = new Hono<AppEnv>()
  .post('/login/totp', forms.signingIn.limit, formOf('/login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const call = callOf(c)
        const { ticket, totp: code } = typed(forms.signingIn.input, fields)
        const step = { input: { code }, ticket: await ticketIn(call, ticket), instead: await signedSessionOf(c) }
        return completeSignIn(c, fields, await signIn(call, totp, step))
      },
      stepAgain(c),
    ),
  )

  .post('/login/totp/enrol', forms.enrolling.limit, formOf('/login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const enrolment = await enrolInSignIn(callOf(c), typed(forms.enrolling.input, fields).ticket)
        const view = viewOf(c, fields)
        return page(c, view, <EnrolStepPage view={view} fields={fields} enrolment={enrolment} />)
      },
      stepAgain(c),
    ),
  )

  .post('/login/totp/enrol/confirm', forms.signingIn.limit, formOf('/login'), (c) =>
    submitted(
      c,
      async (fields) => {
        const { ticket, totp: code } = typed(forms.signingIn.input, fields)
        const { recovery_codes, ...signedIn } = await confirmInSignIn(
          callOf(c),
          { ticket, code },
          await signedSessionOf(c),
        )
        await keepSignedIn(c, fields, signedIn)
        const view = viewOf(c, fields)
        return page(
          c,
          view,
          <RecoveryCodesPage view={view} codes={recovery_codes} next={view.returnTo ?? '/account'} />,
        )
      },
      async (view, fields) => {
        if (!fields || !isMistake(view)) return stepAgain(c)(view, fields)
        const enrolment = await pendingInSignIn(callOf(c), fields.get('ticket') ?? '')
        return <EnrolStepPage view={view} fields={fields} enrolment={enrolment} />
      },
    ),
  )

  .post('/account/totp', forms.beginning.limit, formOf(SECURITY), (c) =>
    submittedBy(c, async (call, fields) => {
      requireFactorChange(call.session)
      const view = viewOf(c, fields)
      return page(c, view, <EnrolPage view={view} enrolment={await enrol(call)} />)
    }),
  )

  .post('/account/totp/confirm', forms.confirming.limit, formOf(SECURITY), (c) => {
    let signedIn: SignedInCall | undefined
    return submittedBy(
      c,
      async (call, fields) => {
        signedIn = call
        requireFactorChange(call.session)
        const { recovery_codes } = await confirmEnrolment(call, typed(forms.confirming.input, fields).totp)
        const view = viewOf(c, fields)
        return page(c, view, <RecoveryCodesPage view={view} codes={recovery_codes} next={SECURITY} />)
      },
      (view) => enrolAgain(signedIn, view),
    )
  })

  .post('/account/totp/remove', forms.removing.limit, formOf(SECURITY), (c) =>
    submittedBy(c, async (call) => {
      requireFactorChange(call.session)
      await removeApp(call)
      return c.redirect(`${SECURITY}?done=totp_removed`, 303)
    }),
  )

/** Whether the code was refused, and may be typed again. */
const isMistake = ({ problem }: View): boolean =>
  problem !== undefined && ['invalid_body', 'invalid_code', 'too_many_attempts'].includes(problem.code)

/** Shows the app that waits for its code once more, below the reason. */
async function enrolAgain(call: SignedInCall | undefined, view: View) {
  if (!call || !isMistake(view)) return <ProblemPage view={view} />
  return <EnrolPage view={view} enrolment={await pendingEnrolment(call, await signedInUser(call))} />
}

const EnrolPage = ({ view, enrolment }: Props<{ enrolment: Enrolment }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.add}>
      <Secret view={view} enrolment={enrolment} />
      <Form view={view} action="/account/totp/confirm" submit={say.confirm}>
        <CodeField view={view} />
      </Form>
      <p class="links">
        <a href={SECURITY}>{say.back}</a>
      </p>
    </Layout>
  )
}

type StepProps = Props<{ fields: URLSearchParams; enrolment: Enrolment }>

const EnrolStepPage = ({ view, fields, enrolment }: StepProps) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.add}>
      <Refusal view={view} />
      <Secret view={view} enrolment={enrolment} />
      <StepForm view={view} next={nextStepIn(fields)} action="/login/totp/enrol/confirm" submit={say.confirm}>
        <CodeField view={view} />
      </StepForm>
      <p class="links">
        <a href="/login">{view.say.startAgain}</a>
      </p>
    </Layout>
  )
}
