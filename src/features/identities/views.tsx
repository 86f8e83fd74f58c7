import type { Config } from '../../config.ts'
import type { Html } from '../../lib/jsx-runtime.ts'
import type { Language } from '../../lib/language.ts'
import { Onward, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import type { View } from '../../pages/view.tsx'
import { providersOn } from './providers/index.ts'
import type { Provider } from './providers/provider.ts'
import { words } from './words.ts'

/** The text of a provider's button. */
const buttonText = ({ button, brand }: Provider, settings: Config, language: Language): string =>
  button?.[language] ?? words[language].signInWith(brand(settings)[language])

/** The buttons of all providers, or nothing. They are links: a form could not be redirected to another site. */
export function Buttons({ view, settings }: Props<{ settings: Config }>): Html | undefined {
  const on = providersOn(settings)
  if (on.length === 0) return undefined
  return (
    <div class="providers">
      {on.map((provider) => (
        <Button view={view} provider={provider} text={buttonText(provider, settings, view.language)} />
      ))}
    </div>
  )
}

const Button = ({ view, provider: { name }, text }: Props<{ provider: Provider; text: string }>) => (
  <a class={`provider ${name}`} href={`/login/with/${name}${queryOf(view)}`}>
    {text}
  </a>
)

/** What the buttons keep: the page to return to, and the token of a mailed link. */
function queryOf({ returnTo, kept: { token } }: View): string {
  const kept = new URLSearchParams({
    ...(returnTo !== undefined && { return_to: returnTo }),
    ...(token !== undefined && { token }),
  })
  return kept.size === 0 ? '' : `?${kept.toString()}`
}

/** Says of an address that nobody vouches for that a mail was sent there. It is the same whether it has an account. */
export const withMailed = (view: View): View =>
  view.problem?.code === 'email_not_verified' ? { ...view, refusal: words[view.language].mailed } : view

/** What the mailed link of a new account opens: the way back to the provider. It changes nothing. */
export const ConfirmPage = ({ view, settings }: Props<{ settings: Config }>) => (
  <Layout view={view} title={words[view.language].confirmTitle}>
    <p>{words[view.language].confirmHow}</p>
    {Buttons({ view, settings })}
    <p class="links">
      <Onward view={view} to="/login">
        {view.say.signIn}
      </Onward>
    </p>
  </Layout>
)

/** Shown until the browser has left for the provider. */
export const LeavePage = ({ view, to }: Props<{ to: string }>) => (
  <Layout view={view} title={words[view.language].leaving}>
    <p class="links">
      <a href={to}>{words[view.language].leave}</a>
    </p>
  </Layout>
)
