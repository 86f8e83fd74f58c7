import type { Config } from '../config.ts'
import { subkeys } from '../core/keys/subkeys.ts'
import { base64url, utf8 } from '../lib/bytes.ts'
import { canonicalEmail } from '../lib/email.ts'

/** The name of the object for an address: a keyed hash, so that a list of the objects reveals no address. */
export async function accountName(email: string, config: Config): Promise<string> {
  const [key] = await subkeys(config, 'doorkeeper name')
  const mac = await crypto.subtle.sign('HMAC', key, utf8(canonicalEmail(email)))
  return base64url(new Uint8Array(mac))
}
