import { Field, Form, Onward, type Props } from './forms.tsx'
import { Layout } from './layout.tsx'

type Typed = { email?: string | undefined }

export const LoginPage = ({ view, email, registers }: Props<Typed & { registers: boolean }>) => {
  const { say } = view
  return (
    <Layout view={view} title={say.signIn}>
      <Form view={view} action="/login" submit={say.signIn}>
        <Field view={view} name="email" autocomplete="username" value={email} />
        <Field view={view} name="password" autocomplete="current-password" />
      </Form>
      <p class="links">
        <Onward view={view} to="/forgot">
          {say.forgot}
        </Onward>
        {registers && (
          <Onward view={view} to="/register">
            {say.register}
          </Onward>
        )}
      </p>
    </Layout>
  )
}

export const SignedInPage = ({ view, email }: Props<{ email: string }>) => {
  const { say, returnTo } = view
  return (
    <Layout view={view} title={say.signedIn}>
      <p>{say.signedInAs(email)}</p>
      <p class="links">
        <a href={returnTo ?? '/account'}>{returnTo === undefined ? say.account : say.goOn}</a>
      </p>
      <Form view={view} action="/logout" submit={say.signOut} />
    </Layout>
  )
}

export const RegisterPage = ({ view, email }: Props<Typed>) => {
  const { say } = view
  return (
    <Layout view={view} title={say.register}>
      <Form view={view} action="/register" submit={say.register}>
        <Field view={view} name="email" autocomplete="username" value={email} />
        <Field view={view} name="password" autocomplete="new-password" />
      </Form>
      <BackToLogin view={view} />
    </Layout>
  )
}

export const ForgotPage = ({ view, email }: Props<Typed>) => {
  const { say } = view
  return (
    <Layout view={view} title={say.forgot}>
      <p>{say.forgotHow}</p>
      <Form view={view} action="/forgot" submit={say.sendLink}>
        <Field view={view} name="email" autocomplete="username" value={email} />
      </Form>
      <BackToLogin view={view} />
    </Layout>
  )
}

/** After a form whose answer is a mail, whatever the address. */
export const SentPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.checkMail}>
    <p>{view.say.mailHelp}</p>
    <BackToLogin view={view} />
  </Layout>
)

const BackToLogin = ({ view }: Props) => (
  <p class="links">
    <Onward view={view} to="/login">
      {view.say.signIn}
    </Onward>
  </p>
)
