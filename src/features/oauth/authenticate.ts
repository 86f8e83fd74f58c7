import type { Call } from '../../core/call.ts'
import { type Client, isSecretOf } from '../../core/clients/client.ts'
import { credentialsIn } from './credentials.ts'
import { clientNamed } from './documents/client.ts'
import type { Parameters } from './parameters.ts'
import { Refusal } from './refusal.ts'

/**
 * The client of a request: a confidential one has shown its secret, a public one has only named itself and can do nothing
 * without a code or a refresh token.
 * @throws Refusal `invalid_client`, `invalid_request`; Problem 503 `unavailable`
 */
export async function authenticate(call: Call, authorization: string | undefined, body: Parameters): Promise<Client> {
  const { id, secret } = credentialsIn(authorization, body)
  const client = await clientNamed(call, id)
  const isPublic = client?.secret_hash === null
  if (!client || !(isPublic ? secret === undefined : await isSecretOf(client, secret ?? '')))
    throw new Refusal('invalid_client', 'The client is not known, or its secret is wrong.')
  return client
}
