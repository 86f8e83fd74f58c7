import type { Child } from '../../lib/jsx-runtime.ts'
import { type Props, Refusal } from '../../pages/forms.tsx'
import { Moment, Origin, Press, Step } from '../../pages/parts.tsx'
import { Events } from './audit-page.tsx'
import { Console, Onto } from './console.tsx'
import type { ListedEvent } from './audit-queries.ts'
import { ADMIN, hasRole, SUPPORT } from '../../core/users/roles.ts'
import type { userDetails } from './queries.ts'
import { RolesForm } from './roles-form.tsx'
import { Badges } from './users-page.tsx'
import { words } from './words.ts'

/** The actions on a user, as the forms name them. */
export type Action = 'delete' | 'disable' | 'enable' | 'factor' | 'mail' | 'reset' | 'roles' | 'sessions' | 'unlock'

type Details = Awaited<ReturnType<typeof userDetails>>

type UserProps = Props<{ user: Details; events: ListedEvent[]; factors: Child; roles: string[] }>

export const UserPage = ({ view, user, events, factors, roles }: UserProps) => {
  const { path, language } = view
  const say = words[language]
  const isAdmin = hasRole(view.viewer, ADMIN)
  const isReached = isAdmin || !hasRole(user.roles, SUPPORT)
  const press = (action: Action, text: string) => <Press action={path} name="do" value={action} text={text} />
  return (
    <Console view={view} title={user.email}>
      <p class="soft">
        {say.userNumber} {user.user_id} · {say.created} <Moment at={user.created_at} language={language} />
        {!user.has_password && ` · ${say.noPassword}`}
        <Badges view={view} user={user} />
      </p>
      <div class="actions">
        {isAdmin && (user.disabled_at === null ? press('disable', say.disable) : press('enable', say.enable))}
        {isReached && press('sessions', view.say.endAll)}
        {isReached && !user.email_verified && user.disabled_at === null && press('mail', say.mailAgain)}
        {isAdmin && [press('unlock', say.unlock), press('reset', say.forceReset)]}
      </div>
      {isAdmin ? <RolesForm view={view} known={roles} has={user.roles} /> : <p>{user.roles.join(' · ')}</p>}
      {factors}
      <section>
        <h2>{`${say.liveSessions}: ${user.live_sessions}`}</h2>
        <ul class="rows">
          {user.sessions.map(({ refreshed_at, client, ...from }) => (
            <li>
              <Origin view={view} {...from} at={refreshed_at} badge={client ?? false} />
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h2>
          <a href={`/console/audit?user=${user.user_id}`}>{say.audit}</a>
        </h2>
        <ul class="rows">
          <Events view={view} events={events} />
        </ul>
      </section>
      {isAdmin && <Onto to={`${path}/delete`} text={view.say.deleteAccount} />}
    </Console>
  )
}

export const RemovePage = ({ view, id, email }: Props<{ id: number; email: string }>) => (
  <Step
    view={view}
    action={`/console/users/${id}`}
    title={view.say.deleteAccount}
    about={`${email}: ${view.say.deleteShort}`}
    danger
  >
    <input type="hidden" name="do" value="delete" />
  </Step>
)

/** Shows why an action was refused, and a link to continue. Typed roles can be corrected. */
export const RefusedPage = ({ view, fields }: Props<{ fields: URLSearchParams | undefined }>) => (
  <Console view={view} title={view.say.notDone}>
    {fields?.get('do') === 'roles' ? <RolesForm view={view} fields={fields} /> : <Refusal view={view} />}
    {fields && <Onto to={view.path} text={view.say.goOn} />}
  </Console>
)
