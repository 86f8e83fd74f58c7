import type { Resource } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { wordsOf } from '../../core/clients/consents.ts'
import type { User } from '../../core/users/users.ts'
import type { Child } from '../../lib/jsx-runtime.ts'
import type { Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { hasDocument } from './documents/client.ts'
import { isOnDevice } from './redirect-uri.ts'
import type { AuthorizationRequest } from './request.ts'
import { words } from './words.ts'

/** `own`: what the scopes of the resource allow. */
type ConsentProps = Props<{ client: Client; user: User; request: AuthorizationRequest; own: Resource['scopes'] }>

/**
 * Asks whether a client of a third party may have what it asks for. The form is sent to the page's own address, so nothing
 * of the request can be changed. It names whom it asked, because another user may have signed in meanwhile.
 */
export const ConsentPage = ({ view, client, user, request, own }: ConsentProps) => {
  const say = words[view.language]
  const host = hasDocument(client) ? new URL(client.id).host : undefined
  return (
    <Layout view={view} title={say.consent(host ?? client.name)}>
      <p class="soft">{user.email}</p>
      <p>{host === undefined ? say.consentWhy : say.documentWhy(host, client.name)}</p>
      <ul>
        {wordsOf(request.scope).map((word) => (
          <li>
            <Permission view={view} user={user} word={word} own={own} />
          </li>
        ))}
      </ul>
      <p class="soft">
        {say.leadsTo} <strong>{placeOf(request.redirect_uri)}</strong>
      </p>
      {host !== undefined && <Warning view={view} host={host} to={request.redirect_uri} />}
      <form method="post" action={view.path}>
        <input type="hidden" name="user_id" value={user.id} />
        <button type="submit" name="decision" value="allow">
          {say.allow}
        </button>
        <button type="submit" name="decision" value="deny" class="quiet">
          {say.deny}
        </button>
      </form>
      <p class="soft">{say.takeBack}</p>
    </Layout>
  )
}

/** Where an answer goes, as far as a person can judge it. What follows an app's own scheme can name any host. */
function placeOf(redirect_uri: string): string {
  const { origin, protocol } = new URL(redirect_uri)
  return origin === 'null' ? protocol : origin
}

/** Says of a client that nobody registered if the answer goes to an app, which could be any, or to another site. */
const Warning = ({ view, host, to }: Props<{ host: string; to: string }>) => {
  const say = words[view.language]
  const text = isOnDevice(to) ? say.toDevice : new URL(to).host !== host && say.elsewhere
  return <>{text !== false && <p class="caution">{text}</p>}</>
}

/** What a word of the scope means. A word that nobody describes is shown as it is. */
const Permission = ({
  view: { language },
  user,
  word,
  own,
}: Props<{ user: User; word: string; own: Resource['scopes'] }>) => {
  const say = words[language]
  const texts: Record<string, Child> = {
    ...Object.fromEntries(Object.entries(own).map(([name, text]) => [name, text[language]])),
    openid: say.openid,
    email: `${say.email} ${user.email}`,
    profile: `${say.profile} ${user.name ?? say.noName}`,
    offline_access: say.offline,
  }
  return (
    <>
      {Object.hasOwn(texts, word) ? (
        texts[word]
      ) : (
        <>
          {say.own} <code>{word}</code>
        </>
      )}
    </>
  )
}
