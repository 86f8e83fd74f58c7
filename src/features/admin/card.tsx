import type { Card } from '../../core/call.ts'
import { ADMIN } from '../../core/users/roles.ts'

/** The link to the console, for admins. */
export const card: Card = (_call, user, view) => (
  <>
    {user.roles.includes(ADMIN) && (
      <section class="row">
        <a href="/console">{view.say.administration}</a>
      </section>
    )}
  </>
)
