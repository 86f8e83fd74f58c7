import { Hono } from 'hono'
import { config } from '../../config.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { submitted } from '../../pages/answer.tsx'
import { Field, Form, ProblemPage, type Props } from '../../pages/forms.tsx'
import type { Child } from '../../lib/jsx-runtime.ts'
import { Layout } from '../../pages/layout.tsx'
import { buttonsOf } from '../../pages/login.tsx'
import { BackToLogin, SentPage, toSent } from '../../pages/sent.tsx'
import { page, type PageContext, type View, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { registering } from './inputs.ts'
import { register } from './register.ts'

/** The registration form. The response is the same for an address that already has an account. */
export const pages = new Hono<AppEnv>()
  .get('/register', (c) => {
    const view = viewOf(c)
    return page(c, view, view.done ? <SentPage view={view} /> : formOrReason(c, view))
  })

  .post('/register', registering.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        await register(callOf(c), typed(registering.input, fields))
        return toSent(c, fields, 'registered')
      },
      (view, fields) => formOrReason(c, view, fields?.get('email') ?? undefined),
    ),
  )

/** If registration is closed, the page says so before anyone fills it in. */
const formOrReason = (c: PageContext, view: View, email?: string) =>
  config(c.env).REGISTRATION === 'open' ? (
    <RegisterPage view={view} email={email} buttons={buttonsOf(c, view)} />
  ) : (
    <ProblemPage view={{ ...view, problem: new Problem('registration_closed') }} />
  )

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
