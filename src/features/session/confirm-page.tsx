import type { Method, SignedInCall } from '../../core/call.ts'
import { methodsOn } from '../../core/users/second-factor.ts'
import { countedUser } from '../../core/users/signed-in.ts'
import type { CountedUser } from '../../core/users/users.ts'
import { isPossession } from '../../core/users/ways.ts'
import type { Html } from '../../lib/jsx-runtime.ts'
import { formsOf, Refusal } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import type { View } from '../../pages/view.tsx'
import { words } from './words.ts'

/** The step of a method that goes on: its name, and the ticket of its first step. */
type Going = { method: string; ticket: string }

/** The forms of the methods that the account has. Of a method of two steps, the second one alone. */
export async function confirmPage(call: SignedInCall, view: View, going?: Going): Promise<Html> {
  const user = await countedUser(call)
  const offered = going
    ? [going.method]
    : methodsOn(call)
        .filter((method) => helps(method, user))
        .map(({ name }) => name)
  const all = call.registry.features.flatMap(({ entry }) => entry?.confirm ?? [])
  const forms = all.filter(({ method }) => offered.includes(method))
  return (
    <Layout view={view} title={view.say.confirm}>
      <p>{view.say.confirmWhy}</p>
      <Refusal view={view} />
      {formsOf(view, forms, ({ form }, view) => form(view, going, call.settings))}
      {offered.length === 0 && <p>{words[view.language].confirmNothing}</p>}
      <p class="links">
        <a href="/account">{view.say.account}</a>
      </p>
    </Layout>
  )
}

/**
 * Whether the method makes the session good for a change: a second factor if the account asks for one, else anything. A
 * mailed code or an identity provider only without a password, because they change no factors where there is one.
 */
function helps(method: Method, { has, second_factor }: CountedUser): boolean {
  if ((has[method.name] ?? 0) === 0) return false
  if (second_factor) return isPossession(method)
  return method.kind !== 'vouched' || (has['password'] ?? 0) === 0
}
