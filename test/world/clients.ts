import { env } from 'cloudflare:workers'
import { registration } from '../../src/core/clients/registration.ts'
import { createClient } from '../../src/core/clients/clients.ts'
import type { Client } from '../../src/core/clients/client.ts'
import { parse, type InferInput } from 'valibot'
import { callBy } from './calls.ts'

export const CALLBACK = 'https://app.example/callback'

/** A new client for a test, confidential unless it says otherwise, and its secret. */
export async function insertClient(
  given: Partial<InferInput<typeof registration>> = {},
): Promise<{ client: Client; secret: string }> {
  const checked = parse(registration, { name: 'The App', redirect_uris: [CALLBACK], ...given })
  const { client, secret = '' } = await createClient(callBy(), checked)
  return { client, secret }
}

type Granted = { user_id: number; client_id: string; parent_id?: string | null; scope?: string }

/** The session of a client, as the code grant starts it, without the time that it takes. */
export async function clientSession({
  user_id,
  client_id,
  parent_id = null,
  scope = 'openid',
}: Granted): Promise<string> {
  const { now, settings } = callBy()
  const id = crypto.randomUUID()
  const until = now + settings.SESSION_TTL_SECONDS
  await env.DB.prepare(
    `INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until, client_id,
      parent_id, scope) VALUES (?1, ?2, ?3, ?3, ?3, ?4, ?4, ?5, ?6, ?7)`,
  )
    .bind(id, user_id, now, until, client_id, parent_id, scope)
    .run()
  return id
}
