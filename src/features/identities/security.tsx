import type { Card } from '../../core/call.ts'
import { Fact, Press } from '../../pages/parts.tsx'
import { providers, providersOn } from './providers/index.ts'
import { identitiesOf } from './queries.ts'
import { words } from './words.ts'

/** Connects and disconnects the identities of an account. */
export const security: Card = async (call, user, view) => {
  const say = words[view.language]
  const own = await identitiesOf(call, user.id)
  const on = providersOn(call.settings)
  const shown = providers.filter(
    (provider) => on.includes(provider) || own.some(({ provider: name }) => name === provider.name),
  )
  return (
    <>
      {shown.map(({ name, brand }) => {
        const identity = own.find(({ provider }) => provider === name)
        const title = brand(call.settings)[view.language]
        return (
          <section class="row">
            <Fact title={title}>
              {identity ? (identity.email ?? identity.name ?? say.connected) : say.notConnected}
            </Fact>
            {identity ? (
              <Press
                action={`/account/identities/${name}/remove`}
                name="remove"
                value="yes"
                text={say.disconnect(title)}
              />
            ) : (
              <Press action={`/account/identities/${name}`} name="connect" value="yes" text={say.connect(title)} />
            )}
          </section>
        )
      })}
    </>
  )
}
