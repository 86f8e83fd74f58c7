import type { ProblemCode } from '../core/problem.ts'
import { Layout } from './layout.tsx'
import { type Language, words } from './words.ts'

type LoginPageProps = { language: Language; problem?: ProblemCode; email?: string }

export function LoginPage({ language, problem, email = '' }: LoginPageProps) {
  const say = words[language]
  const error = problem && (say.problems[problem] ?? say.problems.internal_error)
  const described = error ? { 'aria-describedby': 'problem' } : {}
  return (
    <Layout language={language} title={say.title}>
      {error && (
        <p id="problem" class="problem" role="alert">
          {error}
        </p>
      )}
      <form method="post" action="/login">
        <label for="email">{say.email}</label>
        <input id="email" name="email" type="email" autocomplete="username" required value={email} {...described} />
        <label for="password">{say.password}</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required {...described} />
        <button type="submit">{say.signIn}</button>
      </form>
    </Layout>
  )
}

export function SignedInPage({ language, email }: { language: Language; email: string }) {
  const say = words[language]
  return (
    <Layout language={language} title={say.title}>
      <p>{say.signedInAs(email)}</p>
      <form method="post" action="/logout">
        <button type="submit">{say.signOut}</button>
      </form>
    </Layout>
  )
}
