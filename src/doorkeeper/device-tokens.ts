import type { Config } from '../config.ts'
import { readName, signName } from '../core/signed-names.ts'
import { subkeys } from '../core/subkeys.ts'
import { base64url, fromBase64url } from '../lib/bytes.ts'

const ID_BYTES = 16
const form = (account: string) => ({ prefix: 'lkd_', bytes: ID_BYTES, context: account }) as const

/** What a device shows at its next login, to be counted apart from strangers. Good for one account name. */
export async function deviceToken(id: string, account: string, config: Config): Promise<string> {
  const [key] = await subkeys(config, 'device token')
  return signName(form(account), fromBase64url(id), key)
}

/** The device that shows a token, if we made it for this account. Whether it is still known is another question. */
export async function deviceOf(token: string, account: string, config: Config): Promise<string | undefined> {
  const name = await readName(form(account), token, await subkeys(config, 'device token'))
  return name && base64url(name)
}
