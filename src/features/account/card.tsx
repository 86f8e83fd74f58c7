import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** The user's name, the export of the user's data, and deleting the account. */
export const card: Card = (_call, user, view) => {
  const say = words[view.language]
  return (
    <>
      <section class="row">
        <Fact title={view.labels.name!}>{user.name ?? say.noName}</Fact>
        <a href="/account/name">{say.changeName}</a>
      </section>
      <section class="row">
        <Fact title={say.data}>{say.dataIs}</Fact>
        <a href="/account/export">{say.download}</a>
      </section>
      <section class="row">
        <Fact title={say.leave}>{view.say.deleteShort}</Fact>
        <a href="/account/delete">{view.say.deleteAccount}</a>
      </section>
    </>
  )
}
