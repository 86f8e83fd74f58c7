import { deviceName, placeName } from '../../lib/device-name.ts'
import type { Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import { clientPath } from './client-path.ts'
import { Console, List, type ListProps, Search, Text } from './console.tsx'
import type { ListedEvent } from './queries.ts'
import { words } from './words.ts'

export const AuditPage = ({ view, events, next, given }: ListProps & { events: ListedEvent[] }) => (
  <Console view={view} title={words[view.language].audit}>
    <Search view={view}>
      <Text view={view} name="user_id" value={given.user_id} />
      <Text view={view} name="event" value={given.event} />
    </Search>
    <List view={view} next={next} given={given} empty={events.length === 0}>
      <Events view={view} events={events} />
    </List>
  </Console>
)

/** What happened, when, to whom, by whom and from where. Of a User-Agent, only the known names in it are shown. */
export const Events = ({ view: { labels, language, path }, events }: Props<{ events: ListedEvent[] }>) => (
  <>
    {events.map(({ at, event, reason, user_id, actor, client_id, user_agent, ...from }) => (
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
                <a href={`/console/users/${user_id}`}>{`${labels.user_id} ${user_id}`}</a>
              </>
            )}
            {client_id !== null && path !== clientPath(client_id) && (
              <>
                {' · '}
                <a href={clientPath(client_id)}>{words[language].application}</a>
              </>
            )}
            {actor !== null && ` · ${words[language].by} ${actor}`}
          </p>
          <p class="soft">{[deviceName(user_agent), placeName(from, language)].filter(Boolean).join(' · ')}</p>
        </div>
      </li>
    ))}
  </>
)
