import { Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { ADMIN, hasRole, requireRole, SUPPORT } from '../../core/users/roles.ts'
import { findUser, type User } from '../../core/users/users.ts'
import { sql } from '../../lib/sql.ts'
import { isFresh } from '../../core/sessions/session.ts'
import { Problem } from '../../problem.ts'
import { asAdmin } from './actor.ts'
import { clientPages } from './client-pages.tsx'
import { deleteUser } from './delete.ts'
import { disableUser } from './disable.ts'
import { enableUser } from './enable.ts'
import { endSessionsOf } from './end-sessions.ts'
import { FactorList, type Labels, RemoveFactorPage } from './factors-page.tsx'
import { openedByAdmin, openedBySupport, submittedBySupport } from './for-admins.tsx'
import { removeFactors } from './factors.ts'
import { parametersIn } from './audit-filter.ts'
import { eventsPage } from './audit-queries.ts'
import { mailAgain } from './mail-again.ts'
import { eventFilter, idOf, userFilter } from './parameters.ts'
import { newUserPages } from './new-user-page.tsx'
import { inviteUser, withdrawInvitation } from './invite.ts'
import { statistics } from './queries.ts'
import { knownRoles, userDetails, usersPage } from './user-queries.ts'
import { forceReset } from './reset.ts'
import { setRoles } from './roles.ts'
import { rolesIn } from './roles-form.tsx'
import { unlockUser } from './unlock.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check } from '../../http/body.ts'
import { prefilter } from '../../http/prefilter.ts'
import { toConfirm } from '../../pages/confirm.tsx'
import { AuditPage } from './audit-page.tsx'
import { ActPage, asks } from './act-page.tsx'
import { type Action, UserPage } from './user-page.tsx'
import { FILTERS, UsersPage } from './users-page.tsx'
import { pageLogin, pageLoginRequired } from '../../pages/own-page.tsx'
import { StatisticsPage } from './statistics.tsx'
import { asked, page, type PageContext, pageOf, type View, viewOf } from '../../pages/view.tsx'

/** Rows per page: one or two screens of a phone. */
const PAGE = '20'
const DAYS = 30

type Act = (call: SignedInCall, id: number, fields: URLSearchParams) => Promise<void>

const ACTS: Record<Action, Act> = {
  disable: disableUser,
  enable: enableUser,
  sessions: endSessionsOf,
  mail: mailAgain,
  unlock: unlockUser,
  roles: (call, id, fields) => setRoles(call, { id, roles: rolesIn(fields) }),
  reset: forceReset,
  invite: inviteUser,
  withdraw: withdrawInvitation,
  factor: (call, id, fields) =>
    removeFactors(call, { id, factor: fields.get('factor') ?? '', methods: call.registry.methods }),
  delete: deleteUser,
}

/** Actions that need a fresh login: they grant rights or attempts, or cannot be undone. The same as under `/admin`. */
const FRESH = new Set(['enable', 'unlock', 'roles', 'reset', 'factor', 'delete', 'withdraw'])

/** Actions after which the user is gone. */
const GONE = new Set(['delete', 'withdraw'])

/** Actions that support may take. They give nobody power. The same as under `/admin`. */
const SUPPORTING = new Set(['sessions', 'mail', 'invite'])

/** Pages that have a user's number in their address. */
const userPage = pageLogin(/^\/console\/users\/\d{1,15}(?:\/|$)/)

/** The pages of the console. Who is neither admin nor support is told so on each of them, before anything is read. */
export const pages = new Hono<AppEnv>()
  .route('/console/clients', clientPages)
  .route('/', newUserPages)

  .get('/console', pageLoginRequired, (c) =>
    openedBySupport(c, async ({ registry, now }) => {
      const { view, given } = filterOf(c, ...FILTERS, 'cursor')
      const filter = check(userFilter, { ...given, limit: PAGE }, 'invalid_query')
      const found = await usersPage(c.env.DB, filter, registry.methods)
      return page(c, view, <UsersPage view={view} {...found} given={given} now={now} />)
    }),
  )

  .get('/console/audit', pageLoginRequired, (c) =>
    openedBySupport(c, async () => {
      const { view, given } = filterOf(c, 'user', 'event', 'actor', 'from', 'to', 'cursor')
      const { cursor, ...filter } = await parametersIn(c.env.DB, given)
      const asked = { ...filter, ...(cursor !== undefined && { cursor }), limit: PAGE }
      const found = await eventsPage(c.env.DB, check(eventFilter, asked, 'invalid_query'))
      return page(c, view, <AuditPage view={view} {...found} given={given} filter={filter} />)
    }),
  )

  .get('/console/numbers', pageLoginRequired, (c) =>
    openedBySupport(c, async (call) => {
      const counts = await statistics(call, DAYS)
      return pageOf(c, (view) => <StatisticsPage view={view} {...counts} />)
    }),
  )

  .get('/console/users/:id', userPage, (c) =>
    openedBySupport(c, async (call) => {
      const id = idOf(c.req.param('id'))
      const { details: user, mayBeInvited } = await userDetails(call, id)
      const { events } = await eventsPage(c.env.DB, check(eventFilter, { user_id: String(id), limit: PAGE }))
      const roles = hasRole(call.session.roles, ADMIN) ? await knownRoles(c.env.DB) : []
      return pageOf(c, (view) => {
        const factors = <FactorList view={view} {...user} labelOf={labelsIn(call, view)} />
        return <UserPage view={view} {...{ user, mayBeInvited, events, factors, roles }} now={call.now} />
      })
    }),
  )

  .post('/console/users/:id', prefilter('admin'), (c) =>
    submittedBySupport(c, async (call, fields) => {
      const [id, chosen] = [idOf(c.req.param('id')), fields.get('do') ?? '']
      if (!isAction(chosen)) throw new Problem('invalid_body')
      if (!SUPPORTING.has(chosen)) requireRole(call.session.roles, ADMIN)
      if (FRESH.has(chosen) && !isFresh(call.session, call.now)) return toConfirm(c, `/console/users/${id}`)
      if (chosen === 'roles' && !fields.has('sure')) {
        const roles = rolesIn(fields)
        const chosenRoles = new URLSearchParams({ roles: roles.join(' ') })
        if (await givesPower(call, id, roles))
          return c.redirect(`/console/users/${id}/roles?${chosenRoles.toString()}`, 303)
      }
      await ACTS[chosen](asAdmin(call), id, fields)
      const done = chosen === 'invite' ? 'invited' : 'changed'
      return c.redirect(`/console${GONE.has(chosen) ? '' : `/users/${id}`}?done=${done}`, 303)
    }),
  )

  .get('/console/users/:id/factors', userPage, (c) =>
    openedByAdmin(c, async (call) => {
      const id = idOf(c.req.param('id'))
      if (!isFresh(call.session, call.now)) return toConfirm(c, `/console/users/${id}`)
      const { email, factors } = (await userDetails(call, id)).details
      const factor = factors.find((one) => one.id === asked(c, 'factor'))
      if (!factor) return c.redirect(`/console/users/${id}`, 303) // such as after a login, which forgets the query
      return pageOf(c, (view) => (
        <RemoveFactorPage view={view} {...{ id, email, factor }} label={labelsIn(call, view)(factor)} />
      ))
    }),
  )

  .get('/console/users/:id/:act', userPage, (c) =>
    openedBySupport(c, async (call) => {
      const [id, act] = [idOf(c.req.param('id')), c.req.param('act')]
      if (!Object.hasOwn(asks(viewOf(c)), act)) throw new Problem('not_found')
      if (!SUPPORTING.has(act)) requireRole(call.session.roles, ADMIN)
      if (FRESH.has(act) && !isFresh(call.session, call.now)) return toConfirm(c, `/console/users/${id}`)
      const { email: whom } = await userOf(call, id)
      const named = () => rolesIn(new URLSearchParams({ roles: asked(c, 'roles') ?? '' })).join(' ')
      const roles = act === 'roles' ? { roles: named() } : undefined
      return pageOf(c, (view) => {
        const { what, means } = asks(view)[act as keyof ReturnType<typeof asks>]
        return (
          <ActPage
            view={{ ...view, kept: { ...view.kept, ...roles } }}
            to={`/console/users/${id}`}
            sends={{ do: act, ...(roles && { ...roles, sure: 'yes' }) }}
            {...{ what, whom }}
            means={`${roles ? `${what}: ${roles.roles || '–'}. ` : ''}${means}`}
          />
        )
      })
    }),
  )

async function userOf({ env }: SignedInCall, id: number): Promise<User> {
  const user = await findUser(env.DB, sql`id = ${id}`)
  if (!user) throw new Problem('not_found')
  return user
}

/** Whether the user would get or lose a role of this console. */
async function givesPower(call: SignedInCall, id: number, roles: string[]): Promise<boolean> {
  const before = (await userOf(call, id)).roles
  return [ADMIN, SUPPORT].some((role) => before.includes(role) !== roles.includes(role))
}

/**
 * The filter in a list's address, which its links keep. An empty field does not filter.
 * @throws Problem 422 `invalid_query` if a field is repeated, because the list would not match what was requested
 */
function filterOf(c: PageContext, ...names: string[]) {
  const repeated = names.find((name) => (c.req.queries(name) ?? []).length > 1)
  if (repeated) throw new Problem('invalid_query', { errors: [{ field: repeated, code: 'repeated' }] })
  const given = Object.fromEntries(
    names.map((name) => [name, c.req.query(name)?.trim() ?? '']).filter(([, text]) => text !== ''),
  )
  const view = viewOf(c)
  return { view: { ...view, kept: { ...view.kept, ...given } }, given }
}

/** What factors are called on pages. */
function labelsIn({ registry }: SignedInCall, { language }: View): Labels {
  const labels = new Map(registry.methods.map(({ name, factors }) => [name, factors?.label[language] ?? name]))
  return ({ type, name }) => name ?? labels.get(type) ?? type
}

const isAction = (text: string): text is Action => Object.hasOwn(ACTS, text)
