import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { hasPasskeys } from './relying-party.ts'
import { words } from './words.ts'

/** The way to the passkeys of an account. */
export const security: Card = (call, _user, view) => {
  const say = words[view.language]
  if (!hasPasskeys(call.settings)) return <></>
  return (
    <section class="row">
      <Fact title={say.passkeys}>{say.passkeysAre}</Fact>
      <a href="/account/passkeys">{say.manage}</a>
    </section>
  )
}
