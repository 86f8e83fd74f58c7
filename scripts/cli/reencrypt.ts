import { config } from '../../src/config.ts'
import { resealSecrets } from '../../src/features/totp/reseal.ts'
import { randomId } from '../../src/lib/bytes.ts'
import { type Context, Refusal } from './command.ts'
import { note } from './output.ts'
import { askSecret } from './prompt.ts'

export type Secrets = { LATCHKEY_SECRET: string; LATCHKEY_SECRET_PREVIOUS: string }

/**
 * Encrypts the secrets of authenticator apps with the new LATCHKEY_SECRET. It may run again: what is done already is left
 * alone. Returns how many were encrypted again. @throws Refusal when neither secret opens some of them
 */
export async function reencrypt({ withCall }: Context, secrets: Secrets): Promise<number> {
  const settings = config({ JWT_SECRET_KEY: randomId(256), ...secrets })
  const { resealed, unopened } = await withCall((call) => resealSecrets({ ...call, settings }))
  note(`${resealed} secrets of authenticator apps are encrypted with the new value.`)
  if (unopened > 0) {
    throw new Refusal(`Neither value opens ${unopened} others: their owners need a recovery code, then a new app.`)
  }
  return resealed
}

/** The secrets of the deployed service: from the environment, or typed without echo. @throws Refusal */
export const askSecrets = async (): Promise<Secrets> => ({
  LATCHKEY_SECRET: await askSecret('LATCHKEY_SECRET'),
  LATCHKEY_SECRET_PREVIOUS: await askSecret('LATCHKEY_SECRET_PREVIOUS'),
})
