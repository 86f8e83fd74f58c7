import type { Card } from '../../core/call.ts'
import { applicationsOf } from '../../core/clients/consents.ts'
import { actOn, Moment, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** The applications that the user signed in to. Nothing is shown to users who have none. */
export const card: Card = async (call, user, view) => {
  const say = words[view.language]
  const applications = await applicationsOf(call, user.id)
  return (
    <>
      {applications.length > 0 && (
        <section>
          <h2>{say.applications}</h2>
          <p class="soft">{say.applicationsAre}</p>
          <ul class="rows">
            {applications.map(({ client_id, name, granted_at }) => (
              <li>
                <div>
                  <p>
                    <strong>{name}</strong>
                  </p>
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
                  label={actOn(view, say.withdraw, name)}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}
