import type { Language } from '../lib/language.ts'
import { network } from '../lib/network.ts'

/** Where a request came from, as far as the platform confirms it. */
export type Origin = {
  ip: string | null
  country: string | null
  user_agent: string | null
  language: Language
  /** The language was chosen on a page, not only accepted by the browser. */
  chosen?: true
  request_id: string
  /** The back end that stated the IP address, if one did. Cloudflare confirms only the back end's own address. */
  named_by?: string
  /** Who acts, if not the affected user: `user:<id>` for an admin, `cli:<name>` for the command line. */
  actor?: string
}

/**
 * The IP address that Cloudflare confirms. An address that only a back end stated is counted, but never becomes a known
 * one.
 */
export const vouchedIp = ({ ip, named_by }: Pick<Origin, 'ip' | 'named_by'>): string | null =>
  named_by === undefined ? ip : null

/**
 * The network to which attempts are counted. A network that a back end stated is separate from the real one, and from
 * the same network stated by another back end.
 */
export const countedNetwork = ({ ip, named_by }: Pick<Origin, 'ip' | 'named_by'>): string =>
  named_by === undefined ? network(ip) : `${named_by} ${network(ip)}`
