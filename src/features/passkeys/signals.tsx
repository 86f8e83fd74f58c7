import type { Config } from '../../config.ts'
import type { Call } from '../../core/call.ts'
import type { Props } from '../../pages/forms.tsx'
import { acceptedOf } from './queries.ts'
import { relyingParty } from './relying-party.ts'

/** What a password manager should know of an account: its handle, its passkeys, and its address. */
export type Known = { rpId: string; userId: string; ids: string[]; email: string } | undefined

/** Read for every page that tells it. Undefined if no authenticator has ever heard of the account. */
export async function knownOf({ env, settings }: Call, { id, email }: { id: number; email: string }): Promise<Known> {
  const accepted = settings.PUBLIC_URL === undefined ? undefined : await acceptedOf(env.DB, id)
  if (accepted === undefined) return undefined
  return { rpId: new URL(settings.PUBLIC_URL!).hostname, userId: accepted.user_handle, ids: accepted.ids, email }
}

/**
 * Tells it, where the browser can (the Signal API, WebAuthn Level 3 section 5.1.10): passkeys that were removed disappear,
 * and the others are shown under the present address. The list must be complete, because what is missing is deleted.
 */
export const Signals = ({ known }: { known: Known }) => {
  if (known === undefined) return null
  const { rpId, userId, ids, email } = known
  return (
    <>
      <Signal method="signalAllAcceptedCredentials" about={{ rpId, userId, allAcceptedCredentialIds: ids }} />
      <Signal method="signalCurrentUserDetails" about={{ rpId, userId, name: email, displayName: email }} />
      <script type="module" src="/passkeys.js"></script>
    </>
  )
}

/** One signal, for `public/passkeys.js`. */
export const Signal = ({ method, about }: { method: string; about: object }) => (
  <span data-signal={method} data-about={JSON.stringify(about)} hidden />
)

type RefusedProps = Props<{ fields: URLSearchParams | undefined; settings: Config }>

/** Tells it that a passkey which was just refused is not known here, so that it is not offered again. */
export const UnknownPasskey = ({ view, fields, settings }: RefusedProps) => {
  if (view.problem?.members['unknown_credential'] !== true) return null
  const { id: rpId } = relyingParty(settings)
  const { id: credentialId } = JSON.parse(fields?.get('credential') ?? '{}') as { id?: string }
  return <Signal method="signalUnknownCredential" about={{ rpId, credentialId }} />
}
