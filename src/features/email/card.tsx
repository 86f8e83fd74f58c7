import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'

export const card: Card = (_call, user, view) => (
  <section class="row">
    <Fact title={view.labels.email!}>{user.email}</Fact>
    <a href="/account/email">{view.say.changeEmail}</a>
  </section>
)
