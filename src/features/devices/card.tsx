import type { Card } from '../../core/call.ts'
import { Fact } from '../../pages/parts.tsx'
import { words } from './words.ts'

/** The link to the list of devices. */
export const card: Card = (_call, _user, view) => {
  const say = words[view.language]
  return (
    <section class="row">
      <Fact title={say.devices}>{say.devicesAre}</Fact>
      <a href="/account/devices">{say.manageDevices}</a>
    </section>
  )
}
