import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { SECURITY } from '../../pages/security.ts'
import { words } from './words.ts'

export const card: Card = (_call, _user, view) => {
  const say = words[view.language]
  return (
    <section class="row">
      <Fact title={say.security}>{say.securityIs}</Fact>
      <a href={SECURITY}>{say.manage}</a>
    </section>
  )
}
