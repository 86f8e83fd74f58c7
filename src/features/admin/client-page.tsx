import type { Client } from '../../core/clients/client.ts'
import { DEFAULT_SCOPE } from '../../core/clients/registration.ts'
import { Form, type Props } from '../../pages/forms.tsx'
import { Moment, Press, Step } from '../../pages/parts.tsx'
import { Console, Onto, Text } from './console.tsx'
import { words } from './words.ts'

export const ClientsPage = ({ view, clients }: Props<{ clients: Client[] }>) => {
  const say = words[view.language]
  return (
    <Console view={view} title={say.applications}>
      {clients.length === 0 && <p>{say.nothing}</p>}
      <ul class="rows">
        {clients.map((client) => (
          <li>
            <div>
              <p>
                <a href={`/console/clients/${client.id}`}>{client.name}</a>
                <Kinds view={view} client={client} />
              </p>
              <p class="soft">{client.id}</p>
            </div>
          </li>
        ))}
      </ul>
      <Onto to="/console/clients/new" text={say.register} />
    </Console>
  )
}

const Kinds = ({ view: { language }, client }: Props<{ client: Client }>) => (
  <>
    {client.secret_hash === null && <span class="badge">{words[language].isPublic}</span>}
    {client.third_party && <span class="badge">{words[language].isThirdParty}</span>}
  </>
)

export const RegisterPage = ({ view, fields }: Props<{ fields?: URLSearchParams | undefined }>) => {
  const say = words[view.language]
  const text = (name: string, hint?: string, value = fields?.get(name) ?? '') => (
    <Text view={view} name={name} value={value} {...(hint !== undefined && { hint })} />
  )
  const check = (name: string, label: string) => (
    <div class="field">
      <label class="check">
        <input type="checkbox" name={name} value="1" checked={fields?.has(name)} />
        {label}
      </label>
    </div>
  )
  return (
    <Console view={view} title={say.register}>
      <Form view={view} action="/console/clients/new" submit={say.register}>
        {text('name')}
        {text('redirect_uris', say.registerHint)}
        {text('post_logout_redirect_uris')}
        {text('backchannel_logout_uri')}
        {text('scope', undefined, fields?.get('scope') ?? DEFAULT_SCOPE)}
        {check('public', say.publicHint)}
        {check('third_party', say.thirdPartyHint)}
      </Form>
    </Console>
  )
}

export const ClientPage = ({ view, client }: Props<{ client: Client }>) => {
  const say = words[view.language]
  const press = (value: string, text: string) => <Press action={view.path} name="do" value={value} text={text} />
  const facts: [string, string[]][] = [
    ['client_id', [client.id]],
    ['redirect_uris', client.redirect_uris],
    ['post_logout_redirect_uris', client.post_logout_redirect_uris],
    ['backchannel_logout_uri', [client.backchannel_logout_uri ?? '']],
    ['scope', [client.scope]],
  ]
  return (
    <Console view={view} title={client.name}>
      <p class="soft">
        <Moment at={client.created_at} language={view.language} />
        <Kinds view={view} client={client} />
      </p>
      {facts.map(([name, lines]) => (
        <section>
          <h2>{view.labels[name]}</h2>
          {lines.map((line) => (
            <p>
              <code>{line}</code>
            </p>
          ))}
        </section>
      ))}
      {client.secret_hash !== null && <div class="actions">{press('secret', say.rotateSecret)}</div>}
      <Onto to={`/console/clients/${client.id}/delete`} text={say.deleteClient} />
    </Console>
  )
}

/** The only time that a secret is shown. */
export const SecretPage = ({ view, client, secret }: Props<{ client: Client; secret: string | undefined }>) => (
  <Console view={view} title={client.name}>
    <h2>{view.labels.client_id}</h2>
    <p>
      <code>{client.id}</code>
    </p>
    {secret !== undefined && (
      <>
        <h2>{view.labels.client_secret}</h2>
        <p>
          <code>{secret}</code>
        </p>
        <p>{words[view.language].secretIs}</p>
      </>
    )}
    <Onto to={`/console/clients/${client.id}`} text={view.say.goOn} />
  </Console>
)

export const RemoveClientPage = ({ view, client }: Props<{ client: Client }>) => (
  <Step
    view={view}
    action={`/console/clients/${client.id}`}
    title={words[view.language].deleteClient}
    about={`${client.name}: ${words[view.language].deleteClientMeans}`}
    danger
  >
    <input type="hidden" name="do" value="delete" />
  </Step>
)
