import type { Client } from '../../core/clients/client.ts'
import { DEFAULT_SCOPE } from '../../core/clients/registration.ts'
import { Form, type Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import { ActPage } from './act-page.tsx'
import { clientPath } from './client-path.ts'
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
                <a href={clientPath(client.id)}>{client.name}</a>
                <Kinds view={view} client={client} />
              </p>
              <p class="soft">{client.id}</p>
            </div>
          </li>
        ))}
      </ul>
      <Onto to="/console/clients/new" text={say.registerClient} />
    </Console>
  )
}

const Kinds = ({ view: { language }, client }: Props<{ client: Client }>) => (
  <>
    {client.secret_hash === null && <span class="badge">{words[language].isPublic}</span>}
    {client.third_party && <span class="badge">{words[language].isThirdParty}</span>}
    {client.fetched_at !== null && <span class="badge">{words[language].hasDocument}</span>}
  </>
)

export const RegisterPage = ({ view, fields }: Props<{ fields?: URLSearchParams | undefined }>) => {
  const say = words[view.language]
  const given = (name: string) => fields?.get(name) ?? ''
  const check = (name: string, label: string) => (
    <div class="field">
      <label class="check">
        <input type="checkbox" name={name} value="1" checked={fields?.has(name)} />
        {label}
      </label>
    </div>
  )
  return (
    <Console view={view} title={say.registerClient}>
      <Form view={view} action="/console/clients/new" submit={say.registerClient}>
        <Text view={view} name="name" value={given('name')} />
        <Text view={view} name="redirect_uris" value={given('redirect_uris')} hint={say.registerHint} />
        <Text view={view} name="post_logout_redirect_uris" value={given('post_logout_redirect_uris')} />
        <Text view={view} name="backchannel_logout_uri" value={given('backchannel_logout_uri')} />
        <Text view={view} name="scope" value={fields?.get('scope') ?? DEFAULT_SCOPE} />
        {check('public', say.publicHint)}
        {check('third_party', say.thirdPartyHint)}
      </Form>
    </Console>
  )
}

export const ClientPage = ({ view, client }: Props<{ client: Client }>) => {
  const say = words[view.language]
  const ask = (act: string, text: string) => (
    <a class="quiet" href={`${clientPath(client.id)}/${act}`} aria-label={`${text}: ${client.name}`}>
      {text}
    </a>
  )
  const { labels } = view
  const facts = [
    [say.clientId, [client.id]],
    [labels.redirect_uris!, client.redirect_uris],
    [labels.post_logout_redirect_uris!, client.post_logout_redirect_uris],
    [labels.backchannel_logout_uri!, client.backchannel_logout_uri === null ? [] : [client.backchannel_logout_uri]],
    [labels.scope!, [client.scope]],
  ] as const
  return (
    <Console view={view} title={client.name}>
      <p class="soft">
        <Moment at={client.created_at} language={view.language} />
        <Kinds view={view} client={client} />
      </p>
      {facts.map(
        ([title, lines]) =>
          lines.length > 0 && (
            <section>
              <h2>{title}</h2>
              {lines.map((line) => (
                <p>
                  <code>{line}</code>
                </p>
              ))}
            </section>
          ),
      )}
      <div class="actions">
        {client.secret_hash !== null && ask('secret', say.rotateSecret)}
        {ask('delete', say.deleteClient)}
      </div>
    </Console>
  )
}

/** The only time that a secret is shown. */
export const SecretPage = ({ view, client, secret }: Props<{ client: Client; secret: string | undefined }>) => (
  <Console view={view} title={client.name}>
    <h2>{words[view.language].clientId}</h2>
    <p>
      <code>{client.id}</code>
    </p>
    {secret !== undefined && (
      <>
        <h2>{words[view.language].clientSecret}</h2>
        <p>
          <code>{secret}</code>
        </p>
        <p>{words[view.language].secretIs}</p>
      </>
    )}
    <Onto to={clientPath(client.id)} text={view.say.goOn} />
  </Console>
)

type ClientActProps = Props<{ client: Client; act: 'delete' | 'secret' }>

/** Asks before a client is deleted or loses its secret. */
export const ClientActPage = ({ view, client, act }: ClientActProps) => {
  const say = words[view.language]
  const [what, means] =
    act === 'delete' ? [say.deleteClient, say.deleteClientMeans] : [say.rotateSecret, say.rotateMeans]
  return <ActPage view={view} to={clientPath(client.id)} sends={{ do: act }} {...{ what, means }} whom={client.name} />
}
