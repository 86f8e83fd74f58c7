import { Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import { check, typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { sessionOfRequest } from '../../http/guard.ts'
import { limitedForm, opened, type Refused, submitted, submittedBy } from '../../pages/answer.tsx'
import { canChange, hasPassword, toConfirm } from '../../pages/confirm.tsx'
import { Field, Form, ProblemPage, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { isOver, OverPage } from '../../pages/over.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { sentIn, SentPage, toSent } from '../../pages/sent.tsx'
import { formOf, page, type PageContext, pageOf, viewOf } from '../../pages/view.tsx'
import { cancelEmailChange, cancelPendingChange, requirePending } from './cancel.ts'
import { requestEmailChange } from './change.ts'
import { cancelling, changing, resending, verifying } from './inputs.ts'
import { type Pending, PendingChange, pendingChange } from './pending.tsx'
import { resend } from './resend.ts'
import { asksForPassword, verify } from './verify.ts'
import { words } from './words.ts'

/**
 * The pages of mailed links, and the form for a new address. Opening a link changes nothing until its form is sent, so
 * that a link scanner does not use up the link.
 */
export const pages = new Hono<AppEnv>()
  .get('/verify', verifying.limit, (c) =>
    opened(
      c,
      async () => {
        const asks = await asksForPassword(callOf(c), viewOf(c).kept['token'])
        return pageOf(c, (view) => <VerifyPage view={view} asks={asks} />)
      },
      (view) => <VerifyPage view={view} asks />,
    ),
  )

  .post('/verify', verifying.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        const [call, token] = [callOf(c), fields.get('token') ?? '']
        const asks = fields.has('password') || (await asksForPassword(call, token))
        const input = check(verifying.input, { token, ...(asks && { password: fields.get('password') ?? '' }) })
        await verify(call, input, () => sessionOfRequest(c))
        return c.redirect('/login?done=verified', 303)
      },
      (view, fields) => <VerifyPage view={view} asks={fields?.has('password') !== false} />,
    ),
  )

  .get('/verify/again', (c) => opened(c, async () => page(c, viewOf(c), await sentAgain(c)(viewOf(c)))))

  .post('/verify/again', limitedForm(resending.limit, sentAgain), (c) =>
    submitted(
      c,
      async (fields) => {
        const sent = await sentIn(c, fields)
        if (!sent) return c.redirect('/login', 303) // too late; signing in sends the link again, too
        await resend(callOf(c), sent.email)
        return toSent(c, fields, { ...sent, again: true }, 'resent')
      },
      sentAgain(c),
    ),
  )

  .get('/cancel', cancelling.limit, (c) =>
    opened(
      c,
      async () => {
        await requirePending(callOf(c), viewOf(c).kept['token'])
        return pageOf(c, (view) => <CancelPage view={view} />)
      },
      (view) => <CancelPage view={view} />,
    ),
  )

  .post('/cancel', cancelling.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        await cancelEmailChange(callOf(c), typed(cancelling.input, fields).token)
        return c.redirect('/forgot?done=cancelled', 303)
      },
      (view) => <CancelPage view={view} />,
    ),
  )

  .get('/account/email', pageLoginRequired, (c) =>
    opened(c, async () => {
      const call = callOf(c)
      if (!canChange(call.session, call.now)) return toConfirm(c, '/account/email')
      const state = await stateOf(call)
      return pageOf(c, (view) => <ChangePage view={view} {...state} />)
    }),
  )

  .post('/account/email', changing.limit, (c) => {
    let signedIn: SignedInCall | undefined
    return submittedBy(
      c,
      async (call, fields) => {
        signedIn = call
        await requestEmailChange(call, typed(changing.input, fields))
        return c.redirect('/account/email?done=email', 303)
      },
      async (view, fields) =>
        signedIn && view.problem?.status !== 503 ? (
          <ChangePage view={view} {...await stateOf(signedIn)} email={fields?.get('email') ?? undefined} />
        ) : (
          <ProblemPage view={view} />
        ),
    )
  })

  .post('/account/email/cancel', formOf('/account/email'), (c) =>
    submittedBy(c, async (call) => {
      await cancelPendingChange(call)
      return c.redirect('/account?done=address_kept', 303)
    }),
  )

/** Names the address to which the confirming link is sent again. */
function sentAgain(c: PageContext): Refused {
  return async (view, fields) => <SentPage view={view} sent={await sentIn(c, fields)} again="/verify/again" />
}

const VerifyPage = ({ view, asks }: Props<{ asks: boolean }>) => {
  const say = words[view.language]
  if (isOver(view)) return <OverPage view={view} title={say.verify} how={say.verifyAgain} />
  return (
    <Layout view={view} title={say.verify}>
      <p>{asks ? say.verifyHow : say.verifySignedIn}</p>
      <Form view={view} action="/verify" submit={say.verify}>
        {asks && <Field view={view} name="password" autocomplete="current-password" />}
      </Form>
      <p class="links">{asks ? <a href="/forgot">{view.say.forgot}</a> : <a href="/login">{view.say.signIn}</a>}</p>
    </Layout>
  )
}

const CancelPage = ({ view }: Props) => {
  const say = words[view.language]
  if (isOver(view)) return <OverPage view={view} title={say.cancelChange} how={say.cancelLate} />
  return (
    <Layout view={view} title={say.cancelChange}>
      <p>{say.cancelChangeHow}</p>
      <Form view={view} action="/cancel" submit={say.cancelChange} />
    </Layout>
  )
}

type State = { current: string; pending: Pending | null; asks: boolean }

/** What the page about the address shows. */
async function stateOf(call: SignedInCall): Promise<State> {
  const { email } = await signedInUser(call)
  return { current: email, pending: await pendingChange(call), asks: hasPassword(call.session) }
}

type ChangeProps = Props<State & { email?: string | undefined }>

/** `email`: what was typed into the form that was refused. */
const ChangePage = ({ view, asks, current, pending, email = pending?.email }: ChangeProps) => {
  const say = words[view.language]
  const { labels } = view
  const named = { ...view, labels: { ...labels, email: say.newEmail, password: labels['current_password']! } }
  return (
    <Layout view={view} title={view.say.changeEmail}>
      <p>
        {say.currentEmail} <strong>{current}</strong>
      </p>
      {pending && <PendingChange view={view} pending={pending} />}
      <p>{pending ? say.changeAgain : say.changeHow}</p>
      <Form view={named} action="/account/email" submit={say.mailLink}>
        <Field view={named} name="email" autocomplete="email" value={email} />
        {asks && <Field view={named} name="password" autocomplete="current-password" />}
      </Form>
      <p class="links">
        <a href="/account">{view.say.account}</a>
      </p>
    </Layout>
  )
}
