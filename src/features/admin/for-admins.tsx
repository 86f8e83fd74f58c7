import type { Context } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { ADMIN, requireRole, SUPPORT } from '../../core/users/roles.ts'
import { callOf } from '../../http/call.ts'
import type { Guarded } from '../../http/guard.ts'
import { opened, type Refused, submittedBy } from '../../pages/answer.tsx'
import { ProblemPage } from '../../pages/forms.tsx'
import type { PageContext } from '../../pages/view.tsx'
import { RefusedPage } from './user-page.tsx'

type Run<More extends unknown[]> = (call: SignedInCall, ...more: More) => Promise<Response>

const openedBy = (role: string) => (c: Context<Guarded>, run: Run<[]>) =>
  opened(c, () => onlyFor(role, c, run)(callOf(c)), refused())

const submittedOnlyBy = (role: string) => (c: PageContext, run: Run<[URLSearchParams]>, again?: Refused) =>
  submittedBy(c, onlyFor(role, c, run), refused(again))

/** Handle a page of the console. */
export const [openedByAdmin, openedBySupport] = [openedBy(ADMIN), openedBy(SUPPORT)]

/** Handle a form of the console. If it is refused, `again` shows it again. */
export const [submittedByAdmin, submittedBySupport] = [submittedOnlyBy(ADMIN), submittedOnlyBy(SUPPORT)]

/** Runs only for users who have the role now. @throws Problem 403 `insufficient_role` */
function onlyFor<More extends unknown[]>(role: string, c: PageContext, run: Run<More>): Run<More> {
  return async (call, ...more) => {
    const { roles } = call.session
    requireRole(roles, SUPPORT)
    c.set('viewer', roles)
    requireRole(roles, role)
    return run(call, ...more)
  }
}

/** Who may not be in the console sees nothing of it, not even its links. */
const refused =
  (again: Refused = (view, fields) => <RefusedPage view={view} fields={fields} />): Refused =>
  (view, fields) =>
    view.problem?.code === 'insufficient_role' ? <ProblemPage view={view} /> : again(view, fields)
