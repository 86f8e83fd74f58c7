import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import type { DatabaseCall } from '../call.ts'
import { all, batch, first } from '../d1.ts'
import { auditRow } from '../events/audit.ts'
import { commit, revokeSessions } from '../sessions/sessions.ts'
import { type Client, clientIn, type ClientRow, newClientId, newClientSecret } from './client.ts'
import { isOurOwn, type Registration } from './registration.ts'

/** @throws Problem `unavailable` */
export async function findClient(db: D1Database, id: string): Promise<Client | undefined> {
  const row = await first<ClientRow>(db, sql`SELECT * FROM clients WHERE id = ${id}`)
  return row ? clientIn(row) : undefined
}

/** All clients, by name. There are as many as the operator registered. @throws Problem `unavailable` */
export const allClients = async (db: D1Database): Promise<Client[]> =>
  (await all<ClientRow>(db, sql`SELECT * FROM clients ORDER BY name, id`)).map(clientIn)

/** A new client, with its secret unless it is public. The secret cannot be read again. */
export type NewClient = { client: Client; secret: string | undefined }

/**
 * Registers a client, as `registration` of `registration.ts` checked it.
 * @throws Problem 422 `invalid_body` for a resource that is an audience of this service, 503 `unavailable`
 */
export async function createClient(call: DatabaseCall, registration: Registration): Promise<NewClient> {
  if (registration.resources.some((resource) => isOurOwn(resource, call.settings)))
    throw new Problem('invalid_body', { errors: [{ field: 'resources', code: 'our_own' }] })
  const id = newClientId()
  const { public: isPublic, ...given } = registration
  const { secret, hash } = isPublic ? {} : await newClientSecret()
  const client: Client = {
    id,
    secret_hash: hash ?? null,
    created_at: call.now,
    fetched_at: null,
    fresh_until: null,
    ...given,
  }
  const { redirect_uris, post_logout_redirect_uris, resources, third_party, pkce, credentials } = client
  await batch(call.env.DB, [
    sql`INSERT INTO clients (id, name, secret_hash, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri,
        third_party, scope, resources, id_token_alg, pkce, credentials, created_at)
      VALUES (${id}, ${client.name}, ${client.secret_hash}, ${JSON.stringify(redirect_uris)},
        ${JSON.stringify(post_logout_redirect_uris)}, ${client.backchannel_logout_uri}, ${Number(third_party)},
        ${client.scope}, ${JSON.stringify(resources)}, ${client.id_token_alg}, ${Number(pkce)}, ${Number(credentials)},
        ${call.now})`,
    auditRow(call, { event: 'client_created', client_id: id }),
  ])
  return { client, secret }
}

/** The statement that keeps what a document says, if `when` holds. A row that was read from a newer one stays as it is. */
export const keepDocument = (client: Client, when: Sql): Sql =>
  sql`INSERT INTO clients (id, name, redirect_uris, third_party, scope, id_token_alg, created_at, fetched_at, fresh_until)
    SELECT ${client.id}, ${client.name}, ${JSON.stringify(client.redirect_uris)}, 1, ${client.scope},
      ${client.id_token_alg}, ${client.created_at}, ${client.fetched_at}, ${client.fresh_until} WHERE ${when}
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris,
      scope = excluded.scope, id_token_alg = excluded.id_token_alg, fetched_at = excluded.fetched_at,
      fresh_until = excluded.fresh_until
    WHERE clients.fetched_at < excluded.fetched_at`

/**
 * Gives a client another secret. The old one is refused from now on.
 * @throws Problem 404 `not_found` if there is no such client or it is public, 503 `unavailable`
 */
export async function rotateClientSecret(call: DatabaseCall, id: string): Promise<{ secret: string }> {
  const { secret, hash } = await newClientSecret()
  const [rows] = await batch(call.env.DB, [
    sql`UPDATE clients SET secret_hash = ${hash} WHERE id = ${id} AND secret_hash IS NOT NULL RETURNING id`,
    auditRow(
      call,
      { event: 'client_secret_rotated', client_id: id },
      sql`EXISTS (SELECT 1 FROM clients WHERE id = ${id} AND secret_hash = ${hash})`,
    ),
  ])
  if (rows?.length !== 1) throw new Problem('not_found')
  return { secret }
}

/**
 * Deletes a client, with its sessions and what people allowed it.
 * @throws Problem 404 `not_found`, 503 `unavailable`
 */
export async function deleteClient(call: DatabaseCall, id: string): Promise<void> {
  const [, , rows] = await commit(call.env.DB, [
    auditRow(call, { event: 'client_deleted', client_id: id }, sql`EXISTS (SELECT 1 FROM clients WHERE id = ${id})`),
    revokeSessions(call, sql`client_id = ${id}`),
    sql`DELETE FROM clients WHERE id = ${id} RETURNING id`,
  ])
  if (rows?.length !== 1) throw new Problem('not_found')
}
