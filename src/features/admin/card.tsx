import type { Card } from '../../core/call.ts'
import { hasRole, SUPPORT } from '../../core/users/roles.ts'

/** The link to the console, for admins and support. */
export const card: Card = (_call, user, view) => (
  <>
    {hasRole(user.roles, SUPPORT) && (
      <section class="row">
        <a href="/console">{view.say.administration}</a>
      </section>
    )}
  </>
)
