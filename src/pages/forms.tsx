import type { Child } from '../lib/jsx-runtime.ts'
import { Layout } from './layout.tsx'
import type { View } from './view.tsx'
import { fieldProblems } from './words.ts'

/** Every page, with whatever it needs beside the view. */
export type Props<More = unknown> = { view: View } & More

type FormProps = Props<{ action: string; submit: string; danger?: boolean; children?: Child }>

/** A form, under the reason why it was refused. The token and the way back go along in it. */
export const Form = ({ view, action, submit, danger = false, children }: FormProps) => (
  <>
    <Refusal view={view} />
    <form method="post" action={action}>
      {view.kept.token !== undefined && <input type="hidden" name="token" value={view.kept.token} />}
      {view.returnTo !== undefined && <input type="hidden" name="return_to" value={view.returnTo} />}
      {children}
      <button type="submit" class={danger ? 'danger' : undefined}>
        {submit}
      </button>
    </form>
  </>
)

/** Why something was refused, with a link to each field that is wrong. It has the focus, also without script. */
export const Refusal = ({ view: { problem, say, path } }: Props) => {
  if (!problem) return null
  const onlyPassword = problem.code === 'invalid_credentials' && /^\/(?:account|console)\b/.test(path)
  const wrong = fieldProblems(problem, say)
  return (
    <div id="problem" class="problem" role="alert" tabindex={-1} autofocus>
      <p>{onlyPassword ? say.wrongPassword : say.problems[problem.code]}</p>
      {wrong.length > 0 && (
        <ul>
          {wrong.map(({ field, text }) => (
            <li>
              <a href={`#${field}`}>{`${say.labels[field]}: ${text}`}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

type FieldProps = Props<{
  name: string
  autocomplete: 'email' | 'username' | 'current-password' | 'new-password'
  value?: string | undefined
}>

/** A labelled field. What kind it is, and which hint it needs, follows from what the browser should fill in. */
export const Field = ({ view: { say, problem }, name, autocomplete, value }: FieldProps) => {
  const wrong = problem && fieldProblems(problem, say).find(({ field }) => field === name)
  const hint = autocomplete === 'new-password'
  const described = [hint && `${name}-hint`, wrong ? `${name}-wrong` : problem && 'problem'].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{say.labels[name]}</label>
      {hint && (
        <p id={`${name}-hint`} class="soft">
          {say.passwordHint}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={autocomplete.endsWith('password') ? 'password' : 'email'}
        autocomplete={autocomplete}
        required
        value={value}
        aria-invalid={wrong ? 'true' : undefined}
        aria-describedby={described === '' ? undefined : described}
      />
      {wrong && (
        <p id={`${name}-wrong`} class="wrong">
          {wrong.text}
        </p>
      )}
    </div>
  )
}

/** A link to another page of the sign-in, from which one comes back to the same place. */
export const Onward = ({ view, to, children }: Props<{ to: string; children: Child }>) => (
  <a href={view.returnTo === undefined ? to : `${to}?${new URLSearchParams({ return_to: view.returnTo }).toString()}`}>
    {children}
  </a>
)

/** For what has no form of its own to come back to. */
export const ProblemPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.notDone}>
    <Refusal view={view} />
    <p class="links">
      <a href="/account">{view.say.account}</a>
    </p>
  </Layout>
)
