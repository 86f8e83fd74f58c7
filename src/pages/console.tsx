import { Hono } from 'hono'
import { config } from '../config.ts'
import { ADMIN, disableUser, enableUser, endSessionsOf, setRoles } from '../core/administration.ts'
import type { Client } from '../core/audit.ts'
import { Problem } from '../core/problem.ts'
import type { Session } from '../core/sessions.ts'
import { removeUser } from '../features/admin/delete.ts'
import { eventFilter, idOf, rolesBody, userFilter } from '../features/admin/parameters.ts'
import { eventsPage, statistics, userDetails, usersPage } from '../features/admin/queries.ts'
import { forceReset } from '../features/admin/reset.ts'
import { unlockUser } from '../features/admin/unlock.ts'
import { deliverAfter } from '../http/after.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { isFresh } from '../http/guard.ts'
import { now } from '../lib/time.ts'
import { ConfirmPage } from './account-views.tsx'
import { openedBy, type Refused, submittedBy } from './answer.tsx'
import { confirmPassword } from './confirm.ts'
import { type Action, AuditPage, RefusedPage, RemovePage, UserPage, UsersPage } from './console-views.tsx'
import { ProblemPage } from './forms.tsx'
import { NumbersPage } from './numbers.tsx'
import { page, type PageContext, viewOf } from './view.tsx'

/** Rows of a list: a screen or two of a phone. */
const PAGE = '20'
const DAYS = 30

type Act = (env: Env, id: number, by: Client, fields: URLSearchParams) => Promise<void>

const ACTS: Record<Action, Act> = {
  disable: (env, id, by) => disableUser(env.DB, id, by, now()),
  enable: (env, id, by) => enableUser(env.DB, id, by, now()),
  sessions: (env, id, by) => endSessionsOf(env.DB, id, by, now()),
  unlock: (env, id, by) => unlockUser(env, id, by, now()),
  roles: (env, id, by, fields) => setRoles(env.DB, id, rolesIn(fields), by, now()),
  reset: (env, id, by) => forceReset(env, id, by, now()),
  delete: (env, id, by) => removeUser(env, id, by, now()),
}

/** For what gives power to somebody, or cannot be undone: the same as under `/admin`. */
const FRESH = new Set(['enable', 'roles', 'reset', 'delete'])

/** What an admin sees and does on pages. Whoever is none is told so, on each of them, before anything is read. */
export const adminConsole = new Hono<AppEnv>()
  .get('/console', (c) =>
    openedByAdmin(c, async () => {
      const { view, given } = asked(c, 'email', 'cursor')
      const found = await usersPage(c.env.DB, check(userFilter, { ...given, limit: PAGE }, 'invalid_query'))
      return page(c, view, <UsersPage view={view} {...found} given={given} />)
    }),
  )

  .get('/console/audit', (c) =>
    openedByAdmin(c, async () => {
      const { view, given } = asked(c, 'user_id', 'event', 'cursor')
      const found = await eventsPage(c.env.DB, check(eventFilter, { ...given, limit: PAGE }, 'invalid_query'))
      return page(c, view, <AuditPage view={view} {...found} given={given} />)
    }),
  )

  .get('/console/numbers', (c) =>
    openedByAdmin(c, async () => {
      const numbers = await statistics(c.env.DB, config(c.env), DAYS, now())
      return page(c, viewOf(c), <NumbersPage view={viewOf(c)} {...numbers} />)
    }),
  )

  .get('/console/users/:id', (c) =>
    openedByAdmin(c, async () => {
      const id = idOf(c.req.param('id'))
      const user = await userDetails(c.env.DB, config(c.env), id, now())
      const { events } = await eventsPage(c.env.DB, check(eventFilter, { user_id: String(id), limit: PAGE }))
      return page(c, viewOf(c), <UserPage view={viewOf(c)} {...{ user, events }} />)
    }),
  )

  .post('/console/users/:id', (c) =>
    submittedByAdmin(c, async (session, fields) => {
      const [id, chosen] = [idOf(c.req.param('id')), fields.get('do') ?? '']
      if (!isAction(chosen)) throw new Problem('invalid_body')
      if (FRESH.has(chosen) && !isFresh(session, now())) return toConfirm(c, id)
      await ACTS[chosen](c.env, id, { ...clientOf(c), actor: `user:${session.user_id}` }, fields)
      deliverAfter(c)
      return c.redirect(`/console${chosen === 'delete' ? '' : `/users/${id}`}?done=changed`, 303)
    }),
  )

  .get('/console/users/:id/delete', (c) =>
    openedByAdmin(c, async (session) => {
      const id = idOf(c.req.param('id'))
      if (!isFresh(session, now())) return toConfirm(c, id)
      const { email } = await userDetails(c.env.DB, config(c.env), id, now())
      return page(c, viewOf(c), <RemovePage view={viewOf(c)} id={id} email={email} />)
    }),
  )

  .get('/console/users/:id/confirm', (c) =>
    openedByAdmin(c, async () => page(c, viewOf(c), <ConfirmPage view={viewOf(c)} />)),
  )

  .post('/console/users/:id/confirm', (c) =>
    submittedByAdmin(c, async (session, fields) => {
      const id = idOf(c.req.param('id'))
      await confirmPassword(c, session, fields)
      return c.redirect(`/console/users/${id}?done=confirmed`, 303)
    }),
  )

type Run<More extends unknown[]> = (session: Session, ...more: More) => Promise<Response>

const openedByAdmin = (c: PageContext, run: Run<[]>) => openedBy(c, forAdmins(run), refused)
const submittedByAdmin = (c: PageContext, run: Run<[URLSearchParams]>) => submittedBy(c, forAdmins(run), refused)

/** Runs for who has the role by now. @throws Problem 403 `insufficient_role` */
function forAdmins<More extends unknown[]>(run: Run<More>): Run<More> {
  return async (session, ...more) => {
    if (!session.roles.includes(ADMIN)) throw new Problem('insufficient_role')
    return run(session, ...more)
  }
}

/** What the address of a list asks for, which its links keep. A field that was left empty asks for nothing. */
function asked(c: PageContext, ...names: string[]) {
  const given = Object.fromEntries(
    names.map((name) => [name, c.req.query(name)?.trim() ?? '']).filter(([, text]) => text !== ''),
  )
  const view = viewOf(c)
  return { view: { ...view, kept: { ...view.kept, ...given } }, given }
}

const isAction = (text: string): text is Action => Object.hasOwn(ACTS, text)

const toConfirm = (c: PageContext, id: number): Response => c.redirect(`/console/users/${id}/confirm`, 303)

const rolesIn = (fields: URLSearchParams): string[] =>
  check(rolesBody, { roles: (fields.get('roles') ?? '').split(/[\s,]+/).filter(Boolean) }).roles

/** Who is none of the admins learns nothing of the console, not even its links. */
const refused: Refused = (view, fields) => {
  if (view.problem?.code === 'insufficient_role') return <ProblemPage view={view} />
  if (view.path.endsWith('/confirm')) return <ConfirmPage view={view} />
  return <RefusedPage view={view} fields={fields} />
}
