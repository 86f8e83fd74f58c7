/** Chromium's virtual authenticators, as its DevTools protocol offers them. */
import type { Page } from 'playwright-core'

/** A credential that an authenticator keeps. Ids, keys and handles are base64. */
export type Kept = {
  credentialId: string
  isResidentCredential: boolean
  rpId?: string
  privateKey: string
  userHandle?: string
  signCount: number
  backupEligibility?: boolean
  backupState?: boolean
  userName?: string
}

/** Its id as the service writes it: base64url. */
export const idOf = ({ credentialId }: Kept): string => Buffer.from(credentialId, 'base64').toString('base64url')

type Options = {
  /** Whether its passkeys are synced. */
  syncs?: boolean
}

export type Authenticator = {
  credentials: () => Promise<Kept[]>
  /** Puts a credential in, such as the copy of another authenticator's. */
  keep: (credential: Kept) => Promise<void>
  /** Whether the person touches it by themselves. Otherwise every request waits. */
  touches: (does: boolean) => Promise<void>
  /** Whether the person fails to show that it is them. */
  refuses: (does: boolean) => Promise<void>
  unplug: () => Promise<void>
}

/** Plugs an authenticator into a page. Its conditional requests end as if the person had chosen the first passkey. */
export async function plugIn(page: Page, { syncs = false }: Options = {}): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      defaultBackupEligibility: syncs,
      defaultBackupState: syncs,
      automaticPresenceSimulation: true,
    },
  })
  return {
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    keep: (credential) => cdp.send('WebAuthn.addCredential', { authenticatorId, credential }).then(() => undefined),
    touches: (enabled) =>
      cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }).then(() => undefined),
    refuses: async (does) => {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: !does })
    },
    unplug: () => cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId }).then(() => undefined),
  }
}

/** What the browser makes of options: a passkey, or an assertion, as JSON. @throws the browser's refusal */
export const ask = (page: Page, action: 'create' | 'get', publicKey: object): Promise<Record<string, unknown>> =>
  page.evaluate(
    async ([action, json]) => {
      const credential =
        action === 'get'
          ? await navigator.credentials.get({
              publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json as PublicKeyCredentialRequestOptionsJSON),
            })
          : await navigator.credentials.create({
              publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(
                json as PublicKeyCredentialCreationOptionsJSON,
              ),
            })
      return (credential as PublicKeyCredential).toJSON() as Record<string, unknown>
    },
    [action, publicKey] as const,
  )
