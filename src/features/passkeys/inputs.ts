import * as v from 'valibot'
import { prefilter } from '../../http/prefilter.ts'
import { base64url, fromBase64url } from '../../lib/bytes.ts'
import { cutName } from './names.ts'

/* The input and the rate limit of each use-case, shared by its JSON route and its form. */

/** Characters. A credential id has at most 1023 bytes, a user handle 64 (WebAuthn Level 3 sections 5.8.3 and 5.4.3). */
const [ID_MAX_LENGTH, HANDLE_MAX_LENGTH, DATA_MAX_LENGTH] = [1_364, 86, 12_000]

/** Base64url in its only spelling. Two texts for the same bytes would make two credentials of one. */
const isBase64url = (text: string): boolean =>
  /^[\w-]+$/.test(text) && text.length % 4 !== 1 && base64url(fromBase64url(text)) === text

const encoded = (max: number) => v.pipe(v.string(), v.maxLength(max, 'too_long'), v.check(isBase64url, 'malformed'))

const credentialId = encoded(ID_MAX_LENGTH)
const data = encoded(DATA_MAX_LENGTH)

const credential = <Response extends v.ObjectEntries>(response: Response) =>
  v.pipe(
    v.object({ id: credentialId, rawId: credentialId, type: v.literal('public-key'), response: v.object(response) }),
    v.check(({ id, rawId }) => id === rawId, 'malformed'),
  )

/** `AuthenticationResponseJSON`. The user handle is required, because sign-in names no credential. */
export const assertion = credential({
  clientDataJSON: data,
  authenticatorData: data,
  signature: data,
  userHandle: encoded(HANDLE_MAX_LENGTH),
})
export type Assertion = v.InferOutput<typeof assertion>

const transport = v.pipe(v.string(), v.regex(/^[a-z-]{1,32}$/, 'malformed'))

/** `RegistrationResponseJSON`. */
export const attestation = credential({
  clientDataJSON: data,
  attestationObject: data,
  transports: v.optional(v.pipe(v.array(transport), v.maxLength(10, 'too_long')), []),
})
export type Attestation = v.InferOutput<typeof attestation>

/** What a person calls a passkey. Longer names are cut. */
const name = v.pipe(
  v.string(),
  v.trim(),
  v.nonEmpty('required'),
  v.maxLength(256, 'too_long'),
  v.check((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'malformed'),
  v.transform(cutName),
)

export const asking = { limit: prefilter('challenge'), input: v.object({ ticket: v.optional(v.string()) }) }

export const signingIn = { limit: prefilter('login'), input: v.object({ ticket: v.string(), credential: assertion }) }

/** A passkey shown by a user who is already identified. */
export const confirming = v.object({ ticket: v.string(), credential: assertion })

export const preparing = { limit: prefilter('confirm') }

export const registering = {
  limit: prefilter('confirm'),
  input: v.object({ credential: attestation, name: v.optional(name) }),
}

export const renaming = { input: v.object({ name }) }

export const removing = { limit: prefilter('confirm') }

export const enrolling = { limit: prefilter('login'), input: v.object({ ticket: v.string() }) }

export const enrolled = {
  limit: prefilter('login'),
  input: v.object({ ticket: v.string(), credential: attestation, name: v.optional(name) }),
}
