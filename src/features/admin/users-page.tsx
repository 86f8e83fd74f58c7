import type { Props } from '../../pages/forms.tsx'
import { Console, List, type ListProps, Search, Text } from './console.tsx'
import type { ListedUser } from './queries.ts'
import { words } from './words.ts'

export const UsersPage = ({ view, users, next, given }: ListProps & { users: ListedUser[] }) => (
  <Console view={view} title={words[view.language].users}>
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

export const Badges = ({ view: { language }, user }: Props<{ user: ListedUser }>) => (
  <>
    {user.disabled_at !== null && <span class="badge bad">{words[language].disabled}</span>}
    {!user.email_verified && <span class="badge bad">{words[language].unverified}</span>}
  </>
)
