import type { Card } from '../../core/call.ts'
import { sessionsOf } from '../../core/sessions/sessions.ts'
import { Origin, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** The user's live sessions. */
export const card: Card = async (call, user, view) => {
  const say = words[view.language]
  const sessions = await sessionsOf(call, user.id)
  // Those of applications are shown with their applications.
  const own = sessions.filter(({ client_id }) => client_id === null)
  const isHere = (id: string) => id === call.session.id
  return (
    <section>
      <h2>{say.sessions}</h2>
      <p class="soft">{say.sessionsAre}</p>
      <ul class="rows">
        {own.map(({ id, refreshed_at, ...from }) => (
          <li>
            <Origin view={view} {...from} at={refreshed_at} badge={isHere(id) && say.thisDevice} />
            {!isHere(id) && <Press action="/account/sessions" name="end" value={id} text={say.end} />}
          </li>
        ))}
      </ul>
      <div class="actions">
        {sessions.length > 1 && <Press action="/account/sessions" name="end" value="others" text={say.endOthers} />}
        <Press action="/account/sessions" name="end" value="all" text={view.say.endAll} />
      </div>
    </section>
  )
}
