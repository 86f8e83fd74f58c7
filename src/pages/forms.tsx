import type { Child, Html } from '../lib/jsx-runtime.ts'
import { Layout } from './layout.tsx'
import type { View } from './view.tsx'
import { fieldTexts, problemText } from './problem-texts.ts'

/** The props of a page: the view, and whatever else it needs. */
export type Props<More = unknown> = { view: View } & More

type FormProps = Props<{ action: string; submit: string; danger?: boolean; children?: Child }>

/** A form, below the reason why it was refused. It includes the token and the return address as hidden fields. */
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

/** Why a request was refused, with a link to each wrong field. It gets the focus, even without script. */
export const Refusal = ({ view }: Props) => {
  const { problem, refusal, say, labels, language, path } = view
  if (!problem) return null
  const onlyPassword = problem.code === 'invalid_credentials' && /^\/(?:account|console|verify)\b/.test(path)
  const wrong = fieldProblems(view)
  return (
    <div id="problem" class="problem" role="alert" tabindex={-1} autofocus>
      <p>{refusal ?? (onlyPassword ? say.wrongPassword : problemText(problem, language))}</p>
      {path === '/login' && Number(problem.headers['Retry-After']) >= 60 && <p>{say.resetHelps}</p>}
      {wrong.length > 0 && (
        <ul>
          {wrong.map(({ field, text }) => (
            <li>
              <a href={`#${field}`}>{`${labels[field]}: ${text}`}</a>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** Whether the sign-in outlives the browser. A browser sends nothing for a box that is not ticked, so the form says that it has one. */
export const Keep = ({ view }: Props) => (
  <>
    <label class="check">
      <input type="checkbox" name="keep" value="on" checked={view.keeps} />
      {view.say.keep}
    </label>
    <input type="hidden" name="asked" value="keep" />
  </>
)

type FieldProps = Props<{
  name: string
  /** The value of the HTML attribute. */
  autocomplete: string
  /** The keyboard of a phone. The value of the HTML attribute. */
  inputmode?: 'numeric'
  value?: string | undefined
  /** Whether it may stay empty. */
  optional?: boolean
  /** Whether the page is about this field. It then has the focus, unless there is something to read first. */
  focus?: boolean
}>

/** A labelled field. Its type and its hint follow from `autocomplete`. */
export const Field = ({ view, name, autocomplete, inputmode, value, optional = false, focus = false }: FieldProps) => {
  const { say, labels, problem, passwordMin, done, focuses = true } = view
  const wrong = fieldProblems(view).find(({ field }) => field === name)
  const hint = autocomplete === 'new-password'
  const described = [hint && `${name}-hint`, wrong ? `${name}-wrong` : problem && 'problem'].filter(Boolean).join(' ')
  return (
    <div class="field">
      <label for={name}>{labels[name]}</label>
      {hint && (
        <p id={`${name}-hint`} class="soft">
          {say.passwordHint(String(passwordMin))}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={typeOf(autocomplete)}
        autocomplete={autocomplete}
        inputmode={inputmode}
        required={!optional}
        autofocus={focus && focuses && !problem && !done}
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

const typeOf = (autocomplete: string): string =>
  autocomplete.endsWith('password') ? 'password' : /^(?:email|username)\b/.test(autocomplete) ? 'email' : 'text'

/** The wrong fields of a form, each once, in words. Fields that no form has are left out. */
function fieldProblems({ problem, labels, language }: View): { field: string; text: string }[] {
  return (problem?.errors ?? [])
    .map(({ field, code }) => ({ field: field.split('.')[0]!, code })) // a part of a list belongs to the list's field
    .filter(({ field, code }) => Object.hasOwn(labels, field) && Object.hasOwn(fieldTexts, code))
    .filter(({ field }, i, all) => all.findIndex((other) => other.field === field) === i)
    .map(({ field, code }) => ({ field, text: fieldTexts[code as keyof typeof fieldTexts][language] }))
}

/** Why a field was refused, in words, if it was. */
export const fieldProblem = (view: View, name: string): string | undefined =>
  fieldProblems(view).find(({ field }) => field === name)?.text

/** A link to another page of the sign-in that keeps the return address. */
export const Onward = ({ view, to, children }: Props<{ to: string; children: Child }>) => (
  <a href={view.returnTo === undefined ? to : `${to}?${new URLSearchParams({ return_to: view.returnTo }).toString()}`}>
    {children}
  </a>
)

/** Where somebody goes on who has nothing else to do here. */
export const Home = ({ view: { home, say } }: Props) => (
  <a href={home}>{home === '/login' ? say.signIn : say.account}</a>
)

/** The forms of several features on one page. Only the first field that would have the focus has it. */
export function formsOf<Entry>(view: View, entries: Entry[], form: (entry: Entry, view: View) => Html | undefined) {
  let focuses = true
  return entries.map((entry) => {
    const html = form(entry, { ...view, focuses })
    focuses &&= html?.text.includes(' autofocus=') !== true
    return html
  })
}

/** For requests that have no form to show again. */
export const ProblemPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.notDone}>
    <Refusal view={view} />
    <p class="links">
      <Home view={view} />
    </p>
  </Layout>
)
