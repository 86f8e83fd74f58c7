import { fromBase64 } from '../../lib/bytes.ts'
import type { Parameters } from './parameters.ts'
import { Refusal } from './refusal.ts'

/** What a client sends to say who it is. Without a secret, or with an empty one, it only names itself (section 2.3.1). */
export type Credentials = { id: string; secret: string | undefined }

/**
 * The credentials of a request, by `client_secret_basic`, by `client_secret_post`, or of a public client (RFC 6749
 * section 2.3).
 * @throws Refusal `invalid_client`, or `invalid_request` for two ways at once
 */
export function credentialsIn(authorization: string | undefined, body: Parameters): Credentials {
  const [id, secret] = [body.get('client_id'), body.get('client_secret')]
  if (authorization !== undefined) {
    if (secret !== undefined) throw new Refusal('invalid_request', 'The client authenticates in two ways.')
    const basic = basicIn(authorization)
    if (id !== undefined && id !== basic.id) throw new Refusal('invalid_request', 'There are two client ids.')
    return basic
  }
  if (id === undefined) throw new Refusal('invalid_client', 'The client is not named.')
  return { id, secret }
}

/** The base64 alphabet of RFC 4648 section 4. `atob` alone would also take white space. */
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i

/**
 * The parts of a Basic header. Both are form-encoded (RFC 6749 section 2.3.1), which libraries do in different ways or
 * not at all. So our ids and secrets are letters and digits, which all of them leave alone or encode reversibly.
 */
function basicIn(header: string): Credentials {
  try {
    const pair = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fromBase64(BASIC.exec(header)![1]!))
    const colon = pair.indexOf(':')
    if (colon > 0)
      return { id: formDecoded(pair.slice(0, colon)), secret: formDecoded(pair.slice(colon + 1)) || undefined }
  } catch {
    // Answered like a header without a colon.
  }
  throw new Refusal('invalid_client', 'The Authorization header is malformed.')
}

/** @throws URIError */
const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))
