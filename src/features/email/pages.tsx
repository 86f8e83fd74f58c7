import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { check, typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { sessionOfRequest } from '../../http/guard.ts'
import { opened, submitted, submittedBy } from '../../pages/answer.tsx'
import { canChange, hasPassword, toConfirm } from '../../pages/confirm.tsx'
import { Field, Form, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { isOver, OverPage } from '../../pages/over.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { Step } from '../../pages/parts.tsx'
import { pageOf, viewOf } from '../../pages/view.tsx'
import { cancelEmailChange, requirePending } from './cancel.ts'
import { requestEmailChange } from './change.ts'
import { cancelling, changing, verifying } from './inputs.ts'
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

  .get('/account/email', pageLoginRequired, (c) => {
    const { session, now } = callOf(c)
    if (!canChange(session, now)) return toConfirm(c, '/account/email')
    return pageOf(c, (view) => <ChangePage view={view} asks={hasPassword(session)} />)
  })

  .post('/account/email', changing.limit, (c) => {
    let asks = true
    return submittedBy(
      c,
      async (call, fields) => {
        asks = hasPassword(call.session)
        await requestEmailChange(call, typed(changing.input, fields))
        return c.redirect('/account?done=email', 303)
      },
      (view, fields) => <ChangePage view={view} asks={asks} email={fields?.get('email') ?? undefined} />,
    )
  })

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

const ChangePage = ({ view, asks, email }: Props<{ asks: boolean; email?: string | undefined }>) => (
  <Step view={view} action="/account/email" title={view.say.changeEmail} about={words[view.language].changeHow}>
    <Field view={view} name="email" autocomplete="email" value={email} />
    {asks && <Field view={view} name="password" autocomplete="current-password" />}
  </Step>
)
