import type { Child } from '../lib/jsx-runtime.ts'
import type { ListedEvent, ListedUser, userDetails } from '../features/admin/queries.ts'
import { Moment, Origin, Press, Step } from './account-views.tsx'
import { Form, type Props, Refusal } from './forms.tsx'
import { Layout } from './layout.tsx'
import { deviceName, placeName } from './told.ts'

/** What an admin may do to somebody, as the forms say it. */
export type Action = 'delete' | 'disable' | 'enable' | 'reset' | 'roles' | 'sessions' | 'unlock'

type Given = Record<string, string>
type ListProps = Props<{ next: string | null; given: Given }>

export const UsersPage = ({ view, users, next, given }: ListProps & { users: ListedUser[] }) => (
  <Console view={view} title={view.say.users}>
    <Search view={view}>
      <Text view={view} name="email" value={given.email} />
    </Search>
    <List view={view} next={next} given={given} empty={users.length === 0}>
      {users.map((user) => (
        <li>
          <div>
            <p>
              <a href={`/console/users/${user.user_id}`}>{user.email}</a>
              <Badges view={view} user={user} />
            </p>
            <p class="soft">{[user.user_id, ...user.roles].join(' · ')}</p>
          </div>
        </li>
      ))}
    </List>
  </Console>
)

export const AuditPage = ({ view, events, next, given }: ListProps & { events: ListedEvent[] }) => (
  <Console view={view} title={view.say.audit}>
    <Search view={view}>
      <Text view={view} name="user_id" value={given.user_id} />
      <Text view={view} name="event" value={given.event} />
    </Search>
    <List view={view} next={next} given={given} empty={events.length === 0}>
      <Events view={view} events={events} />
    </List>
  </Console>
)

type Details = Awaited<ReturnType<typeof userDetails>>

export const UserPage = ({ view, user, events }: Props<{ user: Details; events: ListedEvent[] }>) => {
  const { say, path, language } = view
  const press = (action: Action, text: string) => <Press action={path} name="do" value={action} text={text} />
  return (
    <Console view={view} title={user.email}>
      <p class="soft">
        {say.labels.user_id} {user.user_id} · {say.created} <Moment at={user.created_at} language={language} />
        {!user.has_password && ` · ${say.noPassword}`}
        <Badges view={view} user={user} />
      </p>
      <div class="actions">
        {user.disabled_at === null ? press('disable', say.disable) : press('enable', say.enable)}
        {press('sessions', say.endAll)}
        {press('unlock', say.unlock)}
        {press('reset', say.forceReset)}
      </div>
      <RolesForm view={view} value={user.roles.join(' ')} />
      <section>
        <h2>{`${say.liveSessions}: ${user.live_sessions}`}</h2>
        <ul class="rows">
          {user.sessions.map(({ refreshed_at, ...from }) => (
            <li>
              <Origin view={view} {...from} at={refreshed_at} />
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
      <Onto to={`${path}/delete`} text={say.deleteAccount} />
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

/** Why something was refused, and the way on. Roles that were typed can be mended. */
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

/** A page of the console: the same links on top of each. */
export const Console = ({ view, title, children }: Props<{ title: string; children: Child }>) => {
  const { say, path } = view
  const places = [
    ['/console', say.users],
    ['/console/audit', say.audit],
    ['/console/numbers', say.numbers],
    ['/account', say.account],
  ] as const
  return (
    <Layout view={view} title={title} wide>
      <nav class="places" aria-label={say.administration}>
        {places.map(([to, text]) => (
          <a href={to} aria-current={to === path ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      {children}
    </Layout>
  )
}

const Onto = ({ to, text }: { to: string; text: string }) => (
  <p class="links">
    <a href={to}>{text}</a>
  </p>
)

const RolesForm = ({ view, value }: Props<{ value: string }>) => (
  <section>
    <Form view={view} action={view.path} submit={view.say.setRoles}>
      <input type="hidden" name="do" value="roles" />
      <Text view={view} name="roles" value={value} hint={view.say.rolesHint} />
    </Form>
  </section>
)

const Search = ({ view, children }: Props<{ children: Child }>) => (
  <form class="search" role="search" action={view.path}>
    {children}
    <button type="submit">{view.say.search}</button>
  </form>
)

type TextProps = Props<{ name: string; value?: string | undefined; hint?: string }>

const Text = ({ view, name, value, hint }: TextProps) => (
  <div class="field">
    <label for={name}>{view.say.labels[name]}</label>
    {hint !== undefined && (
      <p id={`${name}-hint`} class="soft">
        {hint}
      </p>
    )}
    <input
      id={name}
      name={name}
      value={value}
      autocomplete="off"
      autocapitalize="none"
      aria-describedby={hint === undefined ? undefined : `${name}-hint`}
    />
  </div>
)

/** The rows, and the link to those that follow. */
const List = ({ view, next, given, empty, children }: ListProps & { empty: boolean; children: Child }) => (
  <>
    {empty ? <p>{view.say.nothing}</p> : <ul class="rows">{children}</ul>}
    {next !== null && (
      <Onto to={`${view.path}?${new URLSearchParams({ ...given, cursor: next }).toString()}`} text={view.say.next} />
    )}
  </>
)

const Badges = ({ view: { say }, user }: Props<{ user: ListedUser }>) => (
  <>
    {user.disabled_at !== null && <span class="badge bad">{say.disabled}</span>}
    {!user.email_verified && <span class="badge bad">{say.unverified}</span>}
  </>
)

/** What happened, when, to whom, by whom and from where. A User-Agent is shown by the names in it alone. */
const Events = ({ view: { say, language, path }, events }: Props<{ events: ListedEvent[] }>) => (
  <>
    {events.map(({ at, event, reason, user_id, actor, user_agent, ...from }) => (
      <li>
        <div>
          <p>
            <code>{reason === null ? event : `${event}: ${reason}`}</code>
          </p>
          <p class="soft">
            <Moment at={at} language={language} />
            {user_id !== null && path !== `/console/users/${user_id}` && (
              <>
                {' · '}
                <a href={`/console/users/${user_id}`}>{`${say.labels.user_id} ${user_id}`}</a>
              </>
            )}
            {actor !== null && ` · ${say.by} ${actor}`}
          </p>
          <p class="soft">{[deviceName(user_agent), placeName(from, language)].filter(Boolean).join(' · ')}</p>
        </div>
      </li>
    ))}
  </>
)
