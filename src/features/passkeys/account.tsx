import { CONFIRM } from '../../pages/confirm.tsx'
import { Field, Form, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { actOn, Moment } from '../../pages/parts.tsx'
import { PasskeyForm, WithoutPasskeys } from './form.tsx'
import type { ListedPasskey } from './queries.ts'
import { type Known, Signals } from './signals.tsx'
import { words } from './words.ts'

/** `mayChange`: whether the session is fresh enough to change factors. */
type ListProps = Props<{ passkeys: readonly ListedPasskey[]; known: Known; mayChange: boolean }>

/** The passkeys of an account, and the button that adds one. */
export const PasskeysPage = ({ view, passkeys, known, mayChange }: ListProps) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.passkeys} wide>
      <p>{say.passkeysAre}</p>
      {passkeys.length === 0 && <p class="soft">{say.noPasskeys}</p>}
      <ul class="rows">
        {passkeys.map((one) => (
          <li>
            <Facts view={view} {...one} />
            <a href={`/account/passkeys/${one.id}`} aria-label={actOn(view, say.change, one.name)}>
              {say.change}
            </a>
          </li>
        ))}
      </ul>
      {mayChange ? (
        <>
          <PasskeyForm
            view={view}
            action="/account/passkeys"
            kind="create"
            options="/user/passkeys/options"
            submit={say.add}
          />
          <WithoutPasskeys view={view} />
        </>
      ) : (
        <p>
          <a href={`${CONFIRM}?return_to=/account/passkeys`}>{say.confirmFirst}</a>
        </p>
      )}
      <Signals known={known} />
      <p class="links">
        <a href="/account">{view.say.account}</a>
      </p>
    </Layout>
  )
}

const Facts = ({ view, name, created_at, last_used_at }: Props<ListedPasskey>) => {
  const say = words[view.language]
  return (
    <div>
      <p>
        <strong>{name}</strong>
      </p>
      <p class="soft">
        {say.added} <Moment at={created_at} language={view.language} />
      </p>
      <p class="soft">
        {last_used_at === null ? (
          say.neverUsed
        ) : (
          <>
            {say.usedLast} <Moment at={last_used_at} language={view.language} />
          </>
        )}
      </p>
    </div>
  )
}

/** One passkey: its name, and the button that removes it. */
export const PasskeyPage = ({ view, id, name }: Props<{ id: string; name: string | undefined }>) => {
  const say = words[view.language]
  const path = `/account/passkeys/${id}`
  return (
    <Layout view={view} title={say.passkey}>
      <Form view={view} action={path} submit={say.rename}>
        <Field view={view} name="name" autocomplete="off" value={name} />
      </Form>
      <form class="other" method="post" action={path}>
        <p id="remove-means">{say.removeMeans}</p>
        <button class="danger" type="submit" name="remove" value="yes" aria-describedby="remove-means">
          {say.remove}
        </button>
      </form>
      <p class="links">
        <a href="/account/passkeys">{say.passkeys}</a>
      </p>
    </Layout>
  )
}
