import type { Child } from '../lib/jsx-runtime.ts'
import { ADMIN } from '../core/administration.ts'
import type { Language } from '../core/audit.ts'
import type { User } from '../core/users.ts'
import type { Known } from '../doorkeeper/ask.ts'
import type { ListedSession } from '../core/sessions.ts'
import { Field, Form, type Props } from './forms.tsx'
import { Layout } from './layout.tsx'
import { deviceName, moment, placeName } from './told.ts'

type AccountProps = Props<{ user: User; sessions: ListedSession[]; devices: Known['devices']; current: string }>

export const AccountPage = ({ view, user, sessions, devices, current }: AccountProps) => {
  const { say } = view
  return (
    <Layout view={view} title={say.account} wide>
      <section class="row">
        <Fact title={say.labels.email!}>{user.email}</Fact>
        <a href="/account/email">{say.changeEmail}</a>
      </section>
      <section class="row">
        <Fact title={say.labels.password!}>••••••••</Fact>
        <a href="/account/password">{say.changePassword}</a>
      </section>
      <section>
        <h2>{say.sessions}</h2>
        <p class="soft">{say.sessionsAre}</p>
        <ul class="rows">
          {sessions.map(({ id, refreshed_at, ...from }) => (
            <li>
              <Origin view={view} {...from} at={refreshed_at} badge={id === current && say.thisDevice} />
              {id !== current && <Press action="/account/sessions" name="end" value={id} text={say.end} />}
            </li>
          ))}
        </ul>
        <div class="actions">
          {sessions.length > 1 && <Press action="/account/sessions" name="end" value="others" text={say.endOthers} />}
          <Press action="/account/sessions" name="end" value="all" text={say.endAll} />
        </div>
      </section>
      <section>
        <h2>{say.devices}</h2>
        <p class="soft">{devices.length > 0 ? say.devicesAre : say.noDevices}</p>
        <ul class="rows">
          {devices.map(({ id, used_at, ...from }) => (
            <li>
              <Origin view={view} {...from} at={used_at} />
              <Press action="/account/devices" name="forget" value={id} text={say.forget} />
            </li>
          ))}
        </ul>
      </section>
      <section class="row">
        <Fact title={say.data}>{say.dataIs}</Fact>
        <a href="/account/export">{say.download}</a>
      </section>
      <section class="row">
        <Fact title={say.leave}>{say.deleteShort}</Fact>
        <a href="/account/delete">{say.deleteAccount}</a>
      </section>
      {user.roles.includes(ADMIN) && (
        <section class="row">
          <a href="/console">{say.administration}</a>
        </section>
      )}
      <form method="post" action="/logout">
        <button class="quiet" type="submit">
          {say.signOut}
        </button>
      </form>
    </Layout>
  )
}

export const EmailPage = ({ view, email }: Props<{ email?: string | undefined }>) => (
  <Step view={view} action="/account/email" title={view.say.changeEmail} about={view.say.changeEmailHow}>
    <Field view={view} name="email" autocomplete="email" value={email} />
    <Field view={view} name="password" autocomplete="current-password" />
  </Step>
)

export const PasswordPage = ({ view }: Props) => (
  <Step view={view} action="/account/password" title={view.say.changePassword} about={view.say.changePasswordHow}>
    <Field view={view} name="current_password" autocomplete="current-password" />
    <Field view={view} name="new_password" autocomplete="new-password" />
  </Step>
)

/** Asks for the password again, and comes back to where it was asked for. */
export const ConfirmPage = ({ view }: Props) => (
  <Step view={view} action={view.path} title={view.say.confirm} about={view.say.confirmWhy}>
    <Field view={view} name="password" autocomplete="current-password" />
  </Step>
)

export const DeletePage = ({ view }: Props) => (
  <Step view={view} action="/account/delete" title={view.say.deleteAccount} about={view.say.deleteMeans} danger>
    <Field view={view} name="password" autocomplete="current-password" />
  </Step>
)

type StepProps = Props<{ action: string; title: string; about: string; danger?: boolean; children: Child }>

/** A page of one form, from which one goes back up. */
export const Step = ({ view, action, title, about, danger = false, children }: StepProps) => (
  <Layout view={view} title={title}>
    <p>{about}</p>
    <Form view={view} action={action} submit={title} danger={danger}>
      {children}
    </Form>
    <p class="links">
      <a href={view.path.slice(0, view.path.lastIndexOf('/'))}>
        {view.path.startsWith('/account') ? view.say.account : view.say.administration}
      </a>
    </p>
  </Layout>
)

const Fact = ({ title, children }: { title: string; children: Child }) => (
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

/** A time that script tells in the reader's own zone. `at` is in seconds. */
export const Moment = ({ at, language }: { at: number; language: Language }) => (
  <time datetime={new Date(at * 1000).toISOString()}>{moment(at, language)}</time>
)

type PressProps = { action: string; name: string; value: string; text: string }

/** A form of one button. */
export const Press = ({ action, name, value, text }: PressProps) => (
  <form method="post" action={action}>
    <button class="quiet" type="submit" name={name} value={value}>
      {text}
    </button>
  </form>
)
