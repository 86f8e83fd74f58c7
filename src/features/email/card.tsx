import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { PendingChange, pendingChange } from './pending.tsx'

/** The address, and the change of it that is pending. */
export const card: Card = async (call, user, view) => {
  const pending = await pendingChange(call)
  return (
    <>
      <section class="row">
        <Fact title={view.labels.email!}>{user.email}</Fact>
        <a href="/account/email">{view.say.changeEmail}</a>
      </section>
      {pending && <PendingChange view={view} pending={pending} />}
    </>
  )
}
