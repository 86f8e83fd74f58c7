import { ADMIN, hasRole } from '../../core/users/roles.ts'
import type { Child } from '../../lib/jsx-runtime.ts'
import { fieldProblem, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { words } from './words.ts'

type Given = Record<string, string>
export type ListProps = Props<{ next: string | null; given: Given }>

/** A page of the console, with the same navigation at the top. */
export const Console = ({ view, title, children }: Props<{ title: string; children: Child }>) => {
  const { path } = view
  const say = words[view.language]
  const places = [
    ['/console', say.users],
    ...(hasRole(view.viewer, ADMIN) ? [['/console/clients', say.applications] as const] : []),
    ['/console/audit', say.audit],
    ['/console/numbers', say.statistics],
    ['/account', view.say.account],
  ] as const
  return (
    <Layout view={view} title={title} wide>
      <nav class="places" aria-label={view.say.administration}>
        {places.map(([to, text]) => (
          <a href={to} aria-current={to === path ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      {children}
    </Layout>
  )
}

export const Onto = ({ to, text }: { to: string; text: string }) => (
  <p class="links">
    <a href={to}>{text}</a>
  </p>
)

export const Search = ({ view, children }: Props<{ children: Child }>) => (
  <form class="search" role="search" action={view.path}>
    {children}
    <button type="submit">{words[view.language].search}</button>
  </form>
)

type TextProps = Props<{ name: string; type?: 'date'; value?: string | undefined; hint?: string }>

/** A field that may stay empty, with its hint, and with what is wrong with it. */
export const Text = ({ view, name, type, value, hint }: TextProps) => {
  const wrong = fieldProblem(view, name)
  const described = [hint !== undefined && `${name}-hint`, wrong !== undefined && `${name}-wrong`].filter(Boolean)
  return (
    <div class="field">
      <label for={name}>{view.labels[name]}</label>
      {hint !== undefined && (
        <p id={`${name}-hint`} class="soft">
          {hint}
        </p>
      )}
      <input
        id={name}
        name={name}
        type={type}
        value={value}
        autocomplete="off"
        autocapitalize="none"
        aria-invalid={wrong === undefined ? undefined : 'true'}
        aria-describedby={described.join(' ') || undefined}
      />
      {wrong !== undefined && (
        <p id={`${name}-wrong`} class="wrong">
          {wrong}
        </p>
      )}
    </div>
  )
}

type ChoiceProps = {
  name: string
  label: string
  /** Values with their texts. */
  choices: [value: string, text: string][]
  value?: string | null | undefined
}

export const Choice = ({ name, label, choices, value }: ChoiceProps) => (
  <div class="field">
    <label for={name}>{label}</label>
    <select id={name} name={name}>
      {choices.map(([own, text]) => (
        <option value={own} selected={own === value}>
          {text}
        </option>
      ))}
    </select>
  </div>
)

/** A list of rows, with a link to the next page. */
export const List = ({ view, next, given, empty, children }: ListProps & { empty: boolean; children: Child }) => (
  <>
    {empty ? <p>{words[view.language].nothing}</p> : <ul class="rows">{children}</ul>}
    {next !== null && (
      <Onto
        to={`${view.path}?${new URLSearchParams({ ...given, cursor: next }).toString()}`}
        text={words[view.language].next}
      />
    )}
  </>
)
