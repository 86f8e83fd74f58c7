import { ADMIN, hasRole } from '../../core/users/roles.ts'
import { deviceName, placeName } from '../../lib/device-name.ts'
import type { Child } from '../../lib/jsx-runtime.ts'
import type { Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import type { View } from '../../pages/view.tsx'
import type { ListedEvent } from './audit-queries.ts'
import { clientPath } from './client-path.ts'
import { Console, List, type ListProps, Search, Text } from './console.tsx'
import { words } from './words.ts'

type AuditProps = ListProps & {
  events: ListedEvent[]
  /** What a file is filtered by. */
  filter: Record<string, string>
}

export const AuditPage = ({ view, events, next, given, filter }: AuditProps) => {
  const say = words[view.language]
  const file = (kind: string) => `/admin/audit.${kind}?${new URLSearchParams(filter).toString()}`
  return (
    <Console view={view} title={say.audit}>
      <Search view={view}>
        <Text view={view} name="user" value={given.user} />
        <EventChoice view={view} chosen={given.event} />
        <Text view={view} name="actor" value={given.actor} />
        <Text view={view} name="from" type="date" value={given.from} />
        <Text view={view} name="to" type="date" value={given.to} />
      </Search>
      <List view={view} next={next} given={given} empty={events.length === 0}>
        <Events view={view} events={events} />
      </List>
      {hasRole(view.viewer, ADMIN) && (
        <p class="links">
          <a href={file('csv')} download>
            {say.asCsv}
          </a>
          <a href={file('jsonl')} download>
            {say.asJsonLines}
          </a>
        </p>
      )}
    </Console>
  )
}

/** All events that are declared, by their words, and one that was asked for although none is. */
const EventChoice = ({ view, chosen }: Props<{ chosen: string | undefined }>) => {
  const { registry, language, labels } = view
  const declared = Object.keys(registry.events)
  const names = chosen === undefined || declared.includes(chosen) ? declared : [...declared, chosen]
  const options = names.map((name) => [name, inWords(view, name) ?? name] as const)
  return (
    <div class="field">
      <label for="event">{labels.event}</label>
      <select id="event" name="event">
        <option value="">{words[language].allEvents}</option>
        {options
          .sort(([, a], [, b]) => a.localeCompare(b, language))
          .map(([name, text]) => (
            <option value={name} selected={name === chosen}>
              {text}
            </option>
          ))}
      </select>
    </div>
  )
}

/** An event in words. Undefined if no feature declares it any more; then its code has to do. */
function inWords({ registry, language }: View, name: string, reason: string | null = null): string | undefined {
  if (!Object.hasOwn(registry.events, name)) return undefined
  const { says, reasons = {} } = registry.events[name]!
  const why = reason !== null && Object.hasOwn(reasons, reason) ? reasons[reason]![language] : reason
  return why === null ? says[language] : `${says[language]}: ${why}`
}

/** What happened, when, to whom, by whom and from where. Of a User-Agent, only the known names in it are shown. */
export const Events = ({ view, events }: Props<{ events: ListedEvent[] }>) => (
  <>
    {events.map(({ at, event, reason, user_agent, ip, country, ...about }) => (
      <li>
        <div>
          <p>
            <strong>{inWords(view, event, reason)}</strong>{' '}
            <code class="soft">{reason === null ? event : `${event}: ${reason}`}</code>
          </p>
          <p class="soft">
            <Moment at={at} language={view.language} />
            {namesIn(view, about).map((name) => [' · ', name])}
          </p>
          <p class="soft">
            {[deviceName(user_agent), placeName({ ip, country }, view.language)].filter(Boolean).join(' · ')}
          </p>
        </div>
      </li>
    ))}
  </>
)

type About = Pick<ListedEvent, 'user_id' | 'email' | 'actor' | 'actor_email' | 'client_id' | 'client_name'>

/** To whom it happened, with which application, and who did it, except what the page is about. */
function namesIn({ path, language, viewer }: View, about: About): Child[] {
  const { user_id, email, actor, actor_email, client_id, client_name } = about
  const say = words[language]
  const user = `/console/users/${user_id}`
  const client = client_id === null ? '' : clientPath(client_id)
  // An application that nobody registered chooses its name, so its address is shown.
  const called = client_id?.includes('/') ? client_id : (client_name ?? client_id)
  const isAdmin = hasRole(viewer, ADMIN)
  return [
    user_id !== null && path !== user && (email === null ? `${say.userNumber} ${user_id}` : <a href={user}>{email}</a>),
    client_id !== null && path !== client && (isAdmin && client_name !== null ? <a href={client}>{called}</a> : called),
    actor !== null && [
      `${say.by} `,
      actor_email === null ? actor : <a href={`/console/users/${actor.slice('user:'.length)}`}>{actor_email}</a>,
    ],
  ].filter((name) => name !== false)
}
