import type { Config } from '../../../config.ts'

/** Characters. */
const MAX_LENGTH = 512

/**
 * `https`, a name with a dot, no port, and a path of plain characters. So there is no user, query, fragment or encoded
 * character, which two parsers could read in different ways. The last label of the name begins with a letter, so it is no
 * IP address in any notation.
 */
const ADDRESS = /^https:\/\/((?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z][a-z\d-]*[a-z\d])((?:\/[\w.~-]+)+\/?)$/

/** Names that are found in no public DNS (RFC 6761, RFC 6762, RFC 7686, RFC 8375, and what home routers use). */
const NOT_PUBLIC = /(?:^|\.)(?:localhost|local|internal|intranet|private|corp|home|lan|onion|arpa)$/

/**
 * The host of an id that is the address of a document, in the one spelling that it can have. Undefined for any other text,
 * and for a host that the settings do not name.
 */
export function documentHost(id: string, { CLIENT_ID_METADATA_DOCUMENTS: hosts, PUBLIC_URL }: Config) {
  const host = id.length > MAX_LENGTH ? undefined : ADDRESS.exec(id)?.[1]
  if (host === undefined || new URL(id).href !== id || NOT_PUBLIC.test(host)) return undefined
  if (PUBLIC_URL !== undefined && host === new URL(PUBLIC_URL).hostname) return undefined
  return (hosts.includes('*') || hosts.includes(host)) && !hosts.includes(`-${host}`) ? host : undefined
}
