import type { Card } from '../../core/call.ts'
import { applicationsOf } from '../../core/clients/consents.ts'
import { sessionsOf } from '../../core/sessions/sessions.ts'
import { actOn, actOnDevice, Moment, Origin, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** What is known of an application that nobody registered. It chooses its name itself. */
const hostOf = (client_id: string) => (client_id.includes('/') ? new URL(client_id).host : undefined)

/** The applications that the user signed in to, and where. Nothing is shown to users who have none. */
export const card: Card = async (call, user, view) => {
  const say = words[view.language]
  const applications = await applicationsOf(call, user.id)
  const sessions = applications.length > 0 ? await sessionsOf(call, user.id) : []
  return (
    <>
      {applications.length > 0 && (
        <section>
          <h2>{say.applications}</h2>
          <p class="soft">{say.applicationsAre}</p>
          <ul class="rows">
            {applications.map(({ client_id, name, granted_at }) => (
              <>
                <li>
                  <div>
                    <p>
                      <strong>{hostOf(client_id) ?? name}</strong>
                    </p>
                    {hostOf(client_id) !== undefined && <p class="soft">{name}</p>}
                    {granted_at !== null && (
                      <p class="soft">
                        {say.allowed} <Moment at={granted_at} language={view.language} />
                      </p>
                    )}
                  </div>
                  <Press
                    action="/account/applications"
                    name="withdraw"
                    value={client_id}
                    text={say.withdraw}
                    label={actOn(view, say.withdraw, hostOf(client_id) ?? name)}
                  />
                </li>
                {sessions
                  .filter((session) => session.client_id === client_id)
                  .map(({ id, refreshed_at, ...from }) => (
                    <li class="under">
                      <Origin view={view} {...from} at={refreshed_at} />
                      <Press
                        action="/account/sessions?return_to=/account"
                        name="end"
                        value={id}
                        text={view.say.signOut}
                        label={actOnDevice(view, view.say.signOut, from.user_agent, `, ${hostOf(client_id) ?? name}`)}
                      />
                    </li>
                  ))}
              </>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
