import type { Child } from '../../lib/jsx-runtime.ts'
import { type Props, Refusal } from '../../pages/forms.tsx'
import { Origin, Press } from '../../pages/parts.tsx'
import { ADMIN, hasRole, SUPPORT } from '../../core/users/roles.ts'
import { asks } from './act-page.tsx'
import { Events } from './audit-page.tsx'
import type { ListedEvent } from './audit-queries.ts'
import { Console, Onto } from './console.tsx'
import { RolesForm } from './roles-form.tsx'
import { Facts } from './user-facts.tsx'
import type { UserDetails } from './user-queries.ts'
import { Badges } from './users-page.tsx'
import { words } from './words.ts'

/** The actions on a user, as the forms name them. */
export type Action = keyof ReturnType<typeof asks> | 'enable' | 'factor' | 'invite' | 'mail' | 'unlock'

type UserProps = Props<{
  user: UserDetails
  mayBeInvited: boolean
  events: ListedEvent[]
  factors: Child
  roles: string[]
  now: number
}>

export const UserPage = ({ view, user, mayBeInvited, events, factors, roles, now }: UserProps) => {
  const { path, language } = view
  const say = words[language]
  const isAdmin = hasRole(view.viewer, ADMIN)
  const isReached = isAdmin || !hasRole(user.roles, SUPPORT)
  // Whoever may be invited confirms the address by accepting.
  const isUnconfirmed = !user.email_verified && user.disabled_at === null && !mayBeInvited
  const whom = (text: string) => `${text}: ${user.email}`
  const press = (action: Action, text: string) => (
    <Press action={path} name="do" value={action} text={text} label={whom(text)} />
  )
  const ask = (action: keyof ReturnType<typeof asks>) => {
    const { what } = asks(view)[action]
    return (
      <a class="quiet" href={`${path}/${action}`} aria-label={whom(what)}>
        {what}
      </a>
    )
  }
  return (
    <Console view={view} title={user.email}>
      <p>
        <Badges view={view} user={user} now={now} />
      </p>
      <Facts view={view} user={user} />
      <div class="actions">
        {isReached && mayBeInvited && press('invite', say.invite)}
        {isAdmin && mayBeInvited && user.invited_until !== null && ask('withdraw')}
        {isAdmin && (user.disabled_at === null ? ask('disable') : press('enable', say.enable))}
        {isReached && ask('sessions')}
        {isReached && isUnconfirmed && press('mail', say.confirmAgain)}
        {isAdmin && [press('unlock', say.unlock), ask('reset'), ask('delete')]}
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
          <a href={`/console/audit?user=${user.user_id}`} aria-label={whom(say.audit)}>
            {say.audit}
          </a>
        </h2>
        <ul class="rows">
          <Events view={view} events={events} />
        </ul>
      </section>
    </Console>
  )
}

/** Shows why an action was refused, and a link to continue. Typed roles can be corrected. */
export const RefusedPage = ({ view, fields }: Props<{ fields: URLSearchParams | undefined }>) => (
  <Console view={view} title={view.say.notDone}>
    {fields?.get('do') === 'roles' ? <RolesForm view={view} fields={fields} /> : <Refusal view={view} />}
    {fields && <Onto to={view.path} text={view.say.goOn} />}
  </Console>
)
