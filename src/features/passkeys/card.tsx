import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { knownOf, Signals } from './signals.tsx'
import { words } from './words.ts'

/** The way to the passkeys of an account. It also tells the browser's password manager what is true now. */
export const card: Card = async (call, user, view) => {
  const say = words[view.language]
  const known = await knownOf(call, user)
  return (
    <section class="row">
      <Fact title={say.passkeys}>{known?.ids.length ? say.count(String(known.ids.length)) : say.noPasskeys}</Fact>
      <a href="/account/passkeys">{say.manage}</a>
      <Signals known={known} />
    </section>
  )
}
