import type { Child } from 'hono/jsx'
import type { Language } from '../core/audit.ts'
import type { Problem } from '../core/problem.ts'
import { Layout } from './layout.tsx'
import { sentence, words } from './words.ts'

type FormPage = { language: Language; problem?: Problem | undefined }

export function LoginPage({ language, problem, email = '' }: FormPage & { email?: string | undefined }) {
  const say = words[language]
  return (
    <Layout language={language} title={say.signIn}>
      <Form action="/login" language={language} problem={problem} submit={say.signIn}>
        <Field name="email" label={say.email} type="email" autocomplete="username" value={email} problem={problem} />
        <Field name="password" label={say.password} type="password" autocomplete="current-password" problem={problem} />
      </Form>
    </Layout>
  )
}

export function SignedInPage({ language, problem, email }: FormPage & { email?: string | undefined }) {
  const say = words[language]
  return (
    <Layout language={language} title={say.signIn}>
      {email !== undefined && <p>{say.signedInAs(email)}</p>}
      <Form action="/logout" language={language} problem={problem} submit={say.signOut} />
    </Layout>
  )
}

export function VerifyPage({ language, problem, token }: FormPage & { token: string }) {
  const say = words[language]
  return (
    <Layout language={language} title={say.verify}>
      <Form action="/verify" language={language} problem={problem} submit={say.verify}>
        <input type="hidden" name="token" value={token} />
      </Form>
    </Layout>
  )
}

export function ResetPage({ language, problem, token }: FormPage & { token: string }) {
  const say = words[language]
  return (
    <Layout language={language} title={say.setPassword}>
      <Form action="/reset" language={language} problem={problem} submit={say.setPassword}>
        <input type="hidden" name="token" value={token} />
        <Field name="password" label={say.newPassword} type="password" autocomplete="new-password" problem={problem} />
      </Form>
    </Layout>
  )
}

export function DonePage({ language, done }: { language: Language; done: 'verified' | 'passwordSet' }) {
  const say = words[language]
  return (
    <Layout language={language} title={say[done]}>
      <p>
        <a href="/login">{say.signIn}</a>
      </p>
    </Layout>
  )
}

type FormProps = FormPage & { action: string; submit: string; children?: Child }

const Form = ({ action, language, problem, submit, children }: FormProps) => (
  <>
    {problem && (
      <p id="problem" class="problem" role="alert">
        {sentence(problem, language)}
      </p>
    )}
    <form method="post" action={action}>
      {children}
      <button type="submit">{submit}</button>
    </form>
  </>
)

type FieldProps = Pick<FormPage, 'problem'> & {
  name: string
  label: string
  type: string
  autocomplete: string
  value?: string
}

const Field = ({ name, label, type, autocomplete, value, problem }: FieldProps) => (
  <>
    <label for={name}>{label}</label>
    <input
      id={name}
      name={name}
      type={type}
      autocomplete={autocomplete}
      required
      value={value}
      {...(problem && { 'aria-describedby': 'problem' })}
    />
  </>
)
