import { Hono } from 'hono'
import { mayChangeFactors } from '../../core/sessions/session.ts'
import { credentials } from '../../core/passwords/credentials.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check, typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { signedSessionOf } from '../../http/guard.ts'
import { limitedForm, opened, type Refused, submitted, submittedBy } from '../../pages/answer.tsx'
import { solvedIn } from '../../pages/challenge.tsx'
import { canChange, hasPassword, toConfirm } from '../../pages/confirm.tsx'
import { Field, Form, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { loginPage } from '../../pages/login.tsx'
import { isOver, OverPage } from '../../pages/over.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { Step } from '../../pages/parts.tsx'
import { stepAgain } from '../../pages/second-step.tsx'
import { BackToLogin, sentIn, SentPage, toSent } from '../../pages/sent.tsx'
import { page, type PageContext, pageOf, viewOf } from '../../pages/view.tsx'
import { completeSignIn, shownDevice } from '../../signing-in/browser.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { changePassword } from './change.ts'
import { forgot } from './forgot.ts'
import { changing, forgetting, loggingIn, removing, resetting } from './inputs.ts'
import { password } from './method.ts'
import { removePassword } from './remove.ts'
import { resetLink, resetPassword } from './reset.ts'
import { words } from './words.ts'

/** Login, reset by a mailed link, and change of the password. The page of the link changes nothing until its form is sent. */
export const pages = new Hono<AppEnv>()
  .post('/login', loggingIn.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        const call = callOf(c)
        const [email, secret] = [fields.get('email') ?? '', fields.get('password') ?? '']
        const input = check(credentials, {
          email,
          password: secret,
          device_token: shownDevice(c),
          turnstile_token: solvedIn(fields),
        })
        const ticket = await ticketIn(call, fields.get('ticket') ?? undefined)
        const signedIn = await signIn(call, password, { input, ticket, instead: await signedSessionOf(c) })
        return completeSignIn(c, fields, signedIn)
      },
      (view, fields) => (fields?.has('ticket') ? stepAgain(c)(view, fields) : loginPage(c, view, fields)),
    ),
  )

  .get('/forgot', (c) => opened(c, async () => page(c, viewOf(c), await forgotPage(c)(viewOf(c)))))

  .post('/forgot', limitedForm(forgetting.limit, forgotPage), (c) =>
    submitted(
      c,
      async (fields) => {
        const sent = await sentIn(c, fields)
        const { email } = sent ?? typed(forgetting.input, fields)
        await forgot(callOf(c), email)
        return toSent(c, fields, { email, again: sent !== undefined }, 'forgotten')
      },
      forgotPage(c),
    ),
  )

  .get('/reset', resetting.limit, (c) =>
    opened(
      c,
      async () => {
        await resetLink(callOf(c), viewOf(c).kept['token'])
        return pageOf(c, (view) => <ResetPage view={view} />)
      },
      (view) => <ResetPage view={view} />,
    ),
  )

  .post('/reset', resetting.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        await resetPassword(callOf(c), typed(resetting.input, fields))
        return c.redirect('/login?done=reset', 303)
      },
      (view) => <ResetPage view={view} />,
    ),
  )

  .get('/account/password', pageLoginRequired, (c) => {
    const { session, now } = callOf(c)
    if (!canChange(session, now)) return toConfirm(c, '/account/password')
    return pageOf(c, (view) => <ChangePage view={view} asks={hasPassword(session)} />)
  })

  .post('/account/password', changing.limit, (c) => {
    let asks = true
    return submittedBy(
      c,
      async (call, fields) => {
        asks = hasPassword(call.session)
        await changePassword(call, typed(changing.input, fields))
        return c.redirect('/account?done=password', 303)
      },
      (view) => <ChangePage view={view} asks={asks} />,
    )
  })

  .get('/account/password/remove', pageLoginRequired, (c) => {
    const { session, now } = callOf(c)
    if (!mayChangeFactors(session, now)) return toConfirm(c, '/account/password/remove')
    return pageOf(c, (view) => <RemovePage view={view} />)
  })

  .post('/account/password/remove', removing.limit, (c) =>
    submittedBy(
      c,
      async (call) => {
        if (!mayChangeFactors(call.session, call.now)) return toConfirm(c, '/account/password/remove')
        await removePassword(call)
        return c.redirect('/account?done=password_removed', 303)
      },
      (view) => <RemovePage view={view} />,
    ),
  )

/** Asks for the address, or says what was sent there. */
function forgotPage(c: PageContext): Refused {
  return async (view, fields) => {
    const sent = await sentIn(c, fields)
    return sent || view.done?.name === 'forgotten' ? (
      <SentPage view={view} sent={sent} again="/forgot" />
    ) : (
      <ForgotPage view={view} email={fields?.get('email') ?? undefined} />
    )
  }
}

const ForgotPage = ({ view, email }: Props<{ email?: string | undefined }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.forgotTitle}>
      <p>{say.forgotHow}</p>
      <Form view={view} action="/forgot" submit={say.sendLink}>
        <Field view={view} name="email" autocomplete="username" value={email} focus />
      </Form>
      <BackToLogin view={view} />
    </Layout>
  )
}

const ResetPage = ({ view: { labels, ...others } }: Props) => {
  const view = { ...others, labels: { ...labels, password: labels['new_password']! } }
  const say = words[view.language]
  if (isOver(view)) return <OverPage view={view} title={say.setPassword} again={view.say.newLink} />
  return (
    <Layout view={view} title={say.setPassword}>
      <Form view={view} action="/reset" submit={say.setPassword}>
        <Field view={view} name="password" autocomplete="new-password" focus />
      </Form>
    </Layout>
  )
}

type ChangeProps = Props<{ asks: boolean }>

const ChangePage = ({ view, asks }: ChangeProps) => (
  <Step
    view={view}
    action="/account/password"
    title={asks ? view.say.changePassword : words[view.language].setPassword}
    about={words[view.language].changeHow}
    links={asks && <a href="/account/password/remove">{words[view.language].removePassword}</a>}
  >
    {asks && <Field view={view} name="current_password" autocomplete="current-password" />}
    <Field view={view} name="new_password" autocomplete="new-password" />
  </Step>
)

const RemovePage = ({ view }: Props) => {
  const say = words[view.language]
  return (
    <Step
      view={view}
      action="/account/password/remove"
      title={say.removePassword}
      about={say.removePasswordMeans}
      danger
    />
  )
}
