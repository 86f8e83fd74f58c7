import type { Context } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { ADMIN } from '../../core/users/roles.ts'
import { callOf } from '../../http/call.ts'
import type { Guarded } from '../../http/guard.ts'
import { opened, type Refused, submittedBy } from '../../pages/answer.tsx'
import { ProblemPage } from '../../pages/forms.tsx'
import type { PageContext } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { RefusedPage } from './user-page.tsx'

type Run<More extends unknown[]> = (call: SignedInCall, ...more: More) => Promise<Response>

/** Handles a page of the console. */
export const openedByAdmin = (c: Context<Guarded>, run: Run<[]>) =>
  opened(c, () => forAdmins(run)(callOf(c)), refused())

/** Handles a form of the console. If it is refused, `again` shows it again. */
export const submittedByAdmin = (c: PageContext, run: Run<[URLSearchParams]>, again?: Refused) =>
  submittedBy(c, forAdmins(run), refused(again))

/** Runs only for users who have the admin role now. @throws Problem 403 `insufficient_role` */
function forAdmins<More extends unknown[]>(run: Run<More>): Run<More> {
  return async (call, ...more) => {
    if (!call.session.roles.includes(ADMIN)) throw new Problem('insufficient_role')
    return run(call, ...more)
  }
}

/** A user who is not an admin sees nothing of the console, not even its links. */
const refused =
  (again: Refused = (view, fields) => <RefusedPage view={view} fields={fields} />): Refused =>
  (view, fields) =>
    view.problem?.code === 'insufficient_role' ? <ProblemPage view={view} /> : again(view, fields)
