import type { Factor, SignedInCall } from '../../core/call.ts'
import { factorsOf } from '../../core/users/factors.ts'
import { demandsTwo } from '../../core/users/second-factor.ts'
import { isPossession } from '../../core/users/ways.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { Html } from '../../lib/jsx-runtime.ts'
import type { Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { Fact, Moment, Press } from '../../pages/parts.tsx'
import { SECURITY } from '../../pages/security.ts'
import type { View } from '../../pages/view.tsx'
import { words } from './words.ts'

/** The page that lists the factors of an account, with each feature's part. */
export async function securityPage(call: SignedInCall, view: View): Promise<Html> {
  const say = words[view.language]
  const { env, registry, settings } = call
  const user = await signedInUser(call)
  const methods = registry.methods.filter(isPossession)
  const { factors } = await factorsOf(env.DB, methods, user.id)
  const parts: Html[] = []
  for (const { security } of registry.features) if (security) parts.push(await security(call, user, view))
  const kinds = methods.filter(({ name }) => factors.some(({ type }) => type === name))
  const demanded = user.second_factor && demandsTwo(settings, user.roles)
  const isChoice = kinds.length > 0 && !demanded && !kinds.some(({ alwaysAsks }) => alwaysAsks)
  return (
    <Layout view={view} title={say.security} wide>
      {factors.length === 0 ? <p>{say.none}</p> : <List view={view} call={call} factors={factors} />}
      {parts}
      {isChoice && (user.second_factor || settings.SECOND_FACTOR !== 'off') && (
        <section class="row">
          <Fact title={say.twoSteps}>{user.second_factor ? say.isOn : say.isOff}</Fact>
          <Press
            action={SECURITY}
            name="second_factor"
            value={user.second_factor ? 'off' : 'on'}
            text={user.second_factor ? say.turnOff : say.turnOn}
          />
        </section>
      )}
      <p class="links">
        <a href="/account">{view.say.account}</a>
      </p>
    </Layout>
  )
}

/** Each factor with its name, and when it was added and last used. */
const List = ({ view, call, factors }: Props<{ call: SignedInCall; factors: Factor[] }>) => {
  const { language } = view
  const say = words[language]
  const labelOf = (type: string) => call.registry.methods.find(({ name }) => name === type)?.factors?.label[language]
  return (
    <section>
      <h2>{say.yours}</h2>
      <ul class="rows">
        {factors.map(({ type, name, created_at, last_used_at }) => (
          <li>
            <div>
              <p>
                <strong>{name ?? labelOf(type)}</strong>
              </p>
              <p class="soft">
                {say.added} <Moment at={created_at} language={language} />
              </p>
              {last_used_at !== null && (
                <p class="soft">
                  {view.say.lastUsed} <Moment at={last_used_at} language={language} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}
