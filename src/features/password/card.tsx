import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { words } from './words.ts'

export const card: Card = (_call, user, view) => {
  const say = words[view.language]
  const has = user.hashed_password !== null
  return (
    <section class="row">
      <Fact title={view.labels.password!}>{has ? '••••••••' : say.withoutPassword}</Fact>
      <a href="/account/password">{has ? view.say.changePassword : say.setPassword}</a>
    </section>
  )
}
