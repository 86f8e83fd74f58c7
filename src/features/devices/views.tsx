import type { Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { actOnDevice, Origin, Press } from '../../pages/parts.tsx'
import type { Line } from './list.ts'
import { words } from './words.ts'

const [SESSIONS, DEVICES] = ['/account/sessions', '/account/devices']

type DevicesProps = Props<{
  lines: readonly Line[]
  /** The id of this session. */
  here: string
  /** Whether the doorkeeper said which devices it knows. */
  whole: boolean
}>

export const DevicesPage = ({ view, lines, here, whole }: DevicesProps) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.devices} wide>
      <p>
        {say.devicesAre} {say.unknown}
      </p>
      <p class="soft">{whole ? say.forgetMeans : say.notWhole}</p>
      <ul class="rows">
        {lines.map(({ session, device, user_agent, ip, country, at }) => {
          const press = (action: string, field: string, value: string | undefined, text: string) =>
            value !== undefined && (
              <Press
                action={action}
                name={field}
                value={value}
                text={text}
                label={actOnDevice(view, text, user_agent)}
              />
            )
          const badge = session === undefined ? false : session === here ? say.thisDevice : say.signedInHere
          return (
            <li>
              <Origin view={view} user_agent={user_agent} ip={ip} country={country} at={at} badge={badge} />
              <div class="presses">
                {press(SESSIONS, 'end', session, view.say.signOut)}
                {press(DEVICES, 'forget', device, say.forget)}
              </div>
            </li>
          )
        })}
      </ul>
      <div class="actions">
        {lines.filter(({ session }) => session !== undefined).length > 1 && (
          <Press action={SESSIONS} name="end" value="others" text={say.endOthers} />
        )}
        <Press action={SESSIONS} name="end" value="all" text={view.say.endAll} />
        {lines.some(({ device }) => device !== undefined) && (
          <Press action={DEVICES} name="forget" value="all" text={say.forgetAll} />
        )}
      </div>
      <p class="links">
        <a href="/account">{view.say.account}</a>
      </p>
    </Layout>
  )
}
