import type { Language } from '../lib/language.ts'
import type { Child } from '../lib/jsx-runtime.ts'
import { deviceName, moment, placeName } from '../lib/device-name.ts'
import { Form, type Props } from './forms.tsx'
import { Layout } from './layout.tsx'
import type { View } from './view.tsx'

type StepProps = Props<{
  action: string
  title: string
  about: string
  danger?: boolean
  /** Beside the link to the page above. */
  links?: Child
  children?: Child
}>

/** A page with one form and a link back to the page above. */
export const Step = ({ view, action, title, about, danger = false, links, children }: StepProps) => (
  <Layout view={view} title={title}>
    <p>{about}</p>
    <Form view={view} action={action} submit={title} danger={danger}>
      {children}
    </Form>
    <p class="links">
      <a href={view.path.slice(0, view.path.lastIndexOf('/'))}>
        {/^\/account\/\w+$/.test(view.path) ? view.say.account : view.say.cancel}
      </a>
      {links}
    </p>
  </Layout>
)

/** A title and its description. */
export const Fact = ({ title, children }: { title: string; children: Child }) => (
  <div>
    <h2>{title}</h2>
    <p>{children}</p>
  </div>
)

type OriginProps = Props<{
  user_agent: string | null
  ip: string | null
  country: string | null
  at: number
  badge?: string | false
}>

/** Which device, from where, and when. */
export const Origin = ({ view: { say, language }, user_agent, at, badge = false, ...from }: OriginProps) => (
  <div>
    <p>
      <strong>{deviceName(user_agent) ?? say.unknownDevice}</strong>
      {badge !== false && <span class="badge">{badge}</span>}
    </p>
    <p class="soft">{placeName(from, language)}</p>
    <p class="soft">
      {say.lastUsed} <Moment at={at} language={language} />
    </p>
  </div>
)

/** A time that the script converts to the reader's time zone. `at` is in seconds. */
export const Moment = ({ at, language }: { at: number; language: Language }) => (
  <time datetime={new Date(at * 1000).toISOString()}>{moment(at, language)}</time>
)

/** The name of a button or a link whose text says what it does, but not to what. */
export const actOn = ({ language }: View, act: string, on: string): string =>
  language === 'ko' ? `${on} ${act}` : `${act} ${on}`

/** The same of what is done to a device, which is spoken without the dot. `more`: which of its sessions. */
export function actOnDevice(view: View, act: string, user_agent: string | null, more = ''): string {
  const name = deviceName(user_agent) ?? view.say.unknownDevice
  return actOn(view, act, (view.language === 'ko' ? name : name.replace(' · ', ' on ')) + more)
}

type PressProps = { action: string; name: string; value: string; text: string; label?: string }

/** A form with one button. `label`: its name for a screen reader, if others on the page have the same text. */
export const Press = ({ action, name, value, text, label }: PressProps) => (
  <form method="post" action={action}>
    <button class="quiet" type="submit" name={name} value={value} aria-label={label}>
      {text}
    </button>
  </form>
)
