import { Hono } from 'hono'
import { config } from '../../config.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { limitedForm, opened, submitted } from '../../pages/answer.tsx'
import { Field, Form, ProblemPage, type Props } from '../../pages/forms.tsx'
import type { Child } from '../../lib/jsx-runtime.ts'
import { Layout } from '../../pages/layout.tsx'
import { buttonsOf } from '../../pages/login.tsx'
import { BackToLogin, sentIn, SentPage, toSent } from '../../pages/sent.tsx'
import { page, type PageContext, type View, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { registering } from './inputs.ts'
import { register } from './register.ts'

/** The registration form. The response is the same for an address that already has an account. */
export const pages = new Hono<AppEnv>()
  .get('/register', (c) =>
    opened(c, async () => {
      const view = viewOf(c)
      const sent = <SentPage view={view} sent={await sentIn(c)} again="/verify/again" />
      return page(c, view, view.done ? sent : formOrReason(c)(view))
    }),
  )

  .post('/register', limitedForm(registering.limit, formOrReason), (c) =>
    submitted(
      c,
      async (fields) => {
        const input = typed(registering.input, fields)
        await register(callOf(c), input)
        return toSent(c, fields, { email: input.email, again: false }, 'registered')
      },
      formOrReason(c),
    ),
  )

/** If registration is closed, the page says so before anyone fills it in. */
function formOrReason(c: PageContext) {
  return (view: View, fields?: URLSearchParams) =>
    config(c.env).REGISTRATION === 'open' ? (
      <RegisterPage view={view} email={fields?.get('email') ?? undefined} buttons={buttonsOf(c, view)} />
    ) : (
      <ProblemPage view={{ ...view, problem: new Problem('registration_closed') }} />
    )
}

type RegisterProps = Props<{ email: string | undefined; buttons: Child }>

const RegisterPage = ({ view, email, buttons }: RegisterProps) => {
  const { say } = view
  return (
    <Layout view={view} title={say.register}>
      <Form view={view} action="/register" submit={say.register}>
        <Field view={view} name="email" autocomplete="username" value={email} />
        <Field view={view} name="password" autocomplete="new-password" />
      </Form>
      {buttons}
      <BackToLogin view={view} />
    </Layout>
  )
}
