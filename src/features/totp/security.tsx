import type { Card } from '../../core/call.ts'
import { Fact, Press } from '../../pages/parts.tsx'
import { appOf, isConfirmed } from './queries.ts'
import { words } from './words.ts'

/** Adds or removes the app. */
export const security: Card = async (call, user, view) => {
  const say = words[view.language]
  const app = await appOf(call.env.DB, user.id, isConfirmed)
  if (!app && call.settings.SECOND_FACTOR === 'off') return <></>
  return (
    <section class="row">
      <Fact title={say.app}>{say.appIs}</Fact>
      {app ? (
        <Press action="/account/totp/remove" name="id" value={app.id} text={say.remove} />
      ) : (
        <Press action="/account/totp" name="begin" value="yes" text={say.add} />
      )}
    </section>
  )
}
