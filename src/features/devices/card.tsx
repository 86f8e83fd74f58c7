import type { Card } from '../../core/call.ts'
import { ifAvailable, knownTo } from '../../doorkeeper/rpc.ts'
import { Origin, Press } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** The devices that signed in before. */
export const card: Card = async (call, user, view) => {
  const say = words[view.language]
  // The page must open without the doorkeeper, too: the user may need to end a session just then.
  const devices = (await ifAvailable(knownTo(call, user), 'devices_not_shown'))?.devices
  return (
    <section>
      <h2>{say.devices}</h2>
      <p class="soft">{devices ? (devices.length > 0 ? say.devicesAre : say.noDevices) : view.say.notAvailable}</p>
      <ul class="rows">
        {devices?.map(({ id, used_at, ...from }) => (
          <li>
            <Origin view={view} {...from} at={used_at} />
            <Press action="/account/devices" name="forget" value={id} text={say.forget} />
          </li>
        ))}
      </ul>
    </section>
  )
}
