import { ADMIN, hasRole } from '../../core/users/roles.ts'
import type { Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import { Choice, Console, List, type ListProps, Onto, Search, Text } from './console.tsx'
import type { ListedUser } from './user-queries.ts'
import { words } from './words.ts'

const STATES = ['disabled', 'unverified', 'invited'] as const

/** The parameters of the list's address. */
export const FILTERS = ['email', 'role', 'factor', ...STATES]

export const UsersPage = ({ view, users, next, given, now }: ListProps & { users: ListedUser[]; now: number }) => {
  const { language } = view
  const say = words[language]
  return (
    <Console view={view} title={say.users}>
      {hasRole(view.viewer, ADMIN) && <Onto to="/console/users/new" text={say.newUser} />}
      <Search view={view}>
        <Text view={view} name="email" value={given.email} hint={say.emailHint} />
        <Text view={view} name="role" value={given.role} />
        <Choice
          name="factor"
          label={say.withFactor}
          value={given.factor}
          choices={[
            ['', '–'],
            ['any', say.some],
            ['none', say.none],
          ]}
        />
        <div class="checks">
          {STATES.map((state) => (
            <label class="check">
              <input type="checkbox" name={state} value="true" checked={given[state] === 'true'} />
              {say[state]}
            </label>
          ))}
        </div>
      </Search>
      <List view={view} next={next} given={given} empty={users.length === 0}>
        {users.map((user) => (
          <li>
            <div>
              <p>
                <a href={`/console/users/${user.user_id}`}>{user.email}</a>
                <Badges view={view} user={user} now={now} />
              </p>
              <p class="soft">
                {`${say.created}: `}
                <Moment at={user.created_at} language={language} />
                {` · ${say.lastLogin}: `}
                {user.last_login_at === null ? say.none : <Moment at={user.last_login_at} language={language} />}
              </p>
            </div>
          </li>
        ))}
      </List>
    </Console>
  )
}

/** What is remarkable about a user. An invitation is open, or was not accepted in time. */
export const Badges = ({ view: { language }, user, now }: Props<{ user: ListedUser; now: number }>) => {
  const say = words[language]
  const { disabled_at, email_verified, invited_until, roles } = user
  const isOver = invited_until !== null && invited_until <= now
  return (
    <>
      {roles.map((role) => (
        <span class="badge">{role}</span>
      ))}
      {invited_until !== null && (
        <span class={isOver ? 'badge bad' : 'badge'}>{isOver ? say.invitationExpired : say.invited}</span>
      )}
      {disabled_at !== null && <span class="badge bad">{say.disabled}</span>}
      {!email_verified && invited_until === null && <span class="badge bad">{say.unverified}</span>}
    </>
  )
}
