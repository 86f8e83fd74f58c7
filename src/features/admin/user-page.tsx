import type { Child } from '../../lib/jsx-runtime.ts'
import { Form, type Props, Refusal } from '../../pages/forms.tsx'
import { Origin, Press } from '../../pages/parts.tsx'
import { asks } from './act-page.tsx'
import { Events } from './audit-page.tsx'
import { Console, Onto, Text } from './console.tsx'
import type { ListedEvent } from './queries.ts'
import { Facts } from './user-facts.tsx'
import type { UserDetails } from './user-queries.ts'
import { Badges } from './users-page.tsx'
import { words } from './words.ts'

/** The actions on a user, as the forms name them. */
export type Action = keyof ReturnType<typeof asks> | 'enable' | 'factor' | 'invite' | 'unlock'

type UserProps = Props<{ user: UserDetails; mayBeInvited: boolean; events: ListedEvent[]; factors: Child; now: number }>

export const UserPage = ({ view, user, mayBeInvited, events, factors, now }: UserProps) => {
  const { path, language } = view
  const say = words[language]
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
        {mayBeInvited && press('invite', say.invite)}
        {mayBeInvited && user.invited_until !== null && ask('withdraw')}
        {user.disabled_at === null ? ask('disable') : press('enable', say.enable)}
        {ask('sessions')}
        {press('unlock', say.unlock)}
        {ask('reset')}
        {ask('delete')}
      </div>
      <RolesForm view={view} value={user.roles.join(' ')} />
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
          <a href={`/console/audit?user_id=${user.user_id}`}>{say.audit}</a>
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
    {fields?.get('do') === 'roles' ? (
      <RolesForm view={view} value={fields.get('roles') ?? ''} />
    ) : (
      <Refusal view={view} />
    )}
    {fields && <Onto to={view.path} text={view.say.goOn} />}
  </Console>
)

const RolesForm = ({ view, value }: Props<{ value: string }>) => (
  <section>
    <Form view={view} action={view.path} submit={words[view.language].setRoles}>
      <input type="hidden" name="do" value="roles" />
      <Text view={view} name="roles" value={value} hint={words[view.language].rolesHint} />
    </Form>
  </section>
)
