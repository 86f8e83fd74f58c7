/** A request for a passkey, as `POST /user/login/passkey/options` returns it. */
export type PasskeyRequest = { ticket: string; publicKey: { challenge: string } }

type Asking = {
  /** `conditional`: offered by the browser while the person fills in a field with `autocomplete="username webauthn"`. */
  mediation?: 'conditional'
  /** A browser handles one request at a time: abort the conditional one before you make another. */
  signal?: AbortSignal
}

/** The browser APIs that this file uses. */
type Browser = {
  PublicKeyCredential?: { parseRequestOptionsFromJSON?(json: object): object }
  navigator?: {
    credentials?: { get(options: { publicKey: object } & Asking): Promise<{ toJSON(): object } | null> }
  }
}

/**
 * Asks the browser for a passkey, and returns the step to sign in or reauthenticate with. Needs the JSON helpers of
 * WebAuthn Level 3: Chrome 129, Firefox 119, Safari 18.4.
 * @throws Error without them, and whatever the browser throws, such as `NotAllowedError` when the person declines
 */
export async function askPasskey(
  { ticket, publicKey }: PasskeyRequest,
  asking: Asking = {},
): Promise<{ ticket: string; credential: object }> {
  const { PublicKeyCredential, navigator } = globalThis as unknown as Browser
  const options = PublicKeyCredential?.parseRequestOptionsFromJSON?.(publicKey)
  if (!options || !navigator?.credentials) throw new Error('There are no passkeys here.')
  const credential = await navigator.credentials.get({ publicKey: options, ...asking })
  if (!credential) throw new Error('The browser returned no passkey.')
  return { ticket, credential: credential.toJSON() }
}
