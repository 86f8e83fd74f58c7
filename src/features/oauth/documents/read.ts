import * as v from 'valibot'
import type { Client } from '../../../core/clients/client.ts'
import { DEFAULT_SCOPE, isRedirectUri } from '../../../core/clients/registration.ts'

/** What a document must say. Other members are ignored, addresses of logos and keys among them: nothing else is fetched. */
const document = v.object({
  client_id: v.string(),
  client_name: v.optional(v.string(), ''),
  redirect_uris: v.pipe(v.array(v.string()), v.maxLength(100)),
  // A secret that is published is none (draft-ietf-oauth-client-id-metadata-document section 4.1).
  client_secret: v.optional(v.undefined('A document has no secret.')), // the usual message would log it
  client_secret_expires_at: v.optional(v.undefined()),
  token_endpoint_auth_method: v.optional(
    v.pipe(
      v.string(),
      v.check((method) => !method.startsWith('client_secret_')),
    ),
  ),
  id_token_signed_response_alg: v.optional(v.string()),
})

/**
 * The client that a document describes, fetched from `id` at `now`, and good for so many seconds. It has no secret, so it
 * needs PKCE whatever method of authentication it prefers, and people are asked for their consent. Redirect addresses that
 * could not be registered here are left out.
 * @throws Error if the document is not one about this address
 */
export function clientInDocument(
  id: string,
  content: unknown,
  { now, seconds }: { now: number; seconds: number },
): Client {
  const { client_id, client_name, ...said } = v.parse(document, content)
  if (client_id !== id) throw new Error('The document is about another client_id.')
  const redirect_uris = said.redirect_uris.filter(isRedirectUri)
  if (redirect_uris.length === 0) throw new Error('The document has no redirect_uri that is allowed here.')
  return {
    id,
    name: cleaned(client_name) || new URL(id).host,
    secret_hash: null,
    redirect_uris,
    post_logout_redirect_uris: [],
    backchannel_logout_uri: null,
    third_party: true,
    scope: DEFAULT_SCOPE,
    resources: [],
    id_token_alg: said.id_token_signed_response_alg === 'ES256' ? 'ES256' : 'RS256',
    pkce: true,
    credentials: false,
    created_at: now,
    fetched_at: now,
    fresh_until: now + seconds,
  }
}

/**
 * A name on one short line, without characters that show nothing, change the direction of what follows, or seem to end the
 * quotation that the name stands in.
 */
const cleaned = (name: string): string =>
  /^.{0,64}/u.exec(name.replace(/[\p{C}\p{Z}\p{DI}\u2800"“-‟″＂]+/gu, ' ').trim())![0]
