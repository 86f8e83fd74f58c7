import { base64url, fromBase64url, utf8 } from '../../lib/bytes.ts'

/** The page of a client. An id that is an address is encoded, because no page has a path with a slash encoded in it. */
export const clientPath = (id: string): string =>
  `/console/clients/${id.includes('/') ? `~${base64url(utf8(id))}` : id}`

/** The id in the path of such a page. */
export function clientIdIn(part: string): string {
  try {
    return part.startsWith('~') ? new TextDecoder().decode(fromBase64url(part.slice(1))) : part
  } catch {
    return '' // nobody's id
  }
}
