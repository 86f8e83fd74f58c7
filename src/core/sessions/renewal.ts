import type { Config } from '../../config.ts'
import { base64url, fromBase64url } from '../../lib/bytes.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import type { Call } from '../call.ts'
import { batch } from '../d1.ts'
import { readName, signName } from '../keys/signed-names.ts'
import { subkeys } from '../keys/subkeys.ts'
import type { RefreshName } from './refresh-tokens.ts'
import {
  endReplayed,
  laterTokens,
  RACE_SECONDS,
  refreshable,
  type RefreshedRow,
  refreshedFrom,
  sessionReplayed,
} from './refreshed.ts'
import { type Grant, isOwn, standing } from './sessions.ts'

/**
 * What a browser keeps to renew its session. `kept`: beyond the end of the browser. The generation is even. A session
 * whose generation is one more has seen this renewal since it was made; two more: it has made the next one.
 */
export type Renewal = RefreshName & { kept: boolean }

const ID_BYTES = 16
const FORM = { prefix: 'lks_', bytes: ID_BYTES + 5 } as const
const STEP = 2

/** The text of a renewal, for the cookie. It has its own key, so it is no refresh token, and a refresh token is no renewal. */
export async function writeRenewal({ session_id, generation, kept }: Renewal, config: Config): Promise<string> {
  const name = new Uint8Array(FORM.bytes)
  name.set(fromBase64url(session_id))
  const view = new DataView(name.buffer)
  view.setUint32(ID_BYTES, generation)
  view.setUint8(ID_BYTES + 4, Number(kept))
  const [key] = await subkeys(config, 'renewal')
  return signName(FORM, name, key)
}

/** The renewal in a text that this service made. Needs no database call. */
export async function readRenewal(text: string, config: Config): Promise<Renewal | undefined> {
  const name = await readName(FORM, text, await subkeys(config, 'renewal'))
  if (!name) return undefined
  const view = new DataView(name.buffer)
  return {
    session_id: base64url(name.slice(0, ID_BYTES)),
    generation: view.getUint32(ID_BYTES),
    kept: view.getUint8(ID_BYTES + 4) === 1,
  }
}

/** The statement that remembers that the browser has the latest renewal, so that the one before is no longer accepted. */
export const noteShown = ({ session_id, generation }: Renewal): Sql =>
  sql`UPDATE sessions SET generation = ${generation + 1} WHERE id = ${session_id} AND generation = ${generation}`

/**
 * Renews the session of a browser, with the next generation. The latest renewal is good until the session ends. The one
 * before it is good as long as the latest was not shown, because the answer may have been lost, and a browser does not ask
 * again within seconds; and within the grace period, for requests that were sent together. Anything older is a replay
 * and ends the session. Undefined if the session has ended.
 * @throws Problem 503 `unavailable`
 */
export async function renew(call: Call, { session_id, generation }: Renewal): Promise<Grant | undefined> {
  const { env, now, settings } = call
  const next = generation + STEP
  const [, rows] = await batch<RefreshedRow>(env.DB, [
    sql`UPDATE sessions SET generation = ${next}, tokens_until = ${laterTokens(call)}, refreshed_at = ${now}
      WHERE id = ${session_id} AND ${isOwn} AND ${standing(call)} AND generation <= ${next}`,
    refreshable(call, session_id, isOwn),
  ])
  const row = rows?.[0]
  if (!row) return undefined
  const session = refreshedFrom(row)
  const graceSeconds = Math.max(settings.REFRESH_GRACE_SECONDS, RACE_SECONDS)
  const isLate = session.generation === next + 1 && now - session.refreshed_at < graceSeconds
  if (session.generation === next || isLate) return { ...session, generation: next }
  await endReplayed(call, session, sessionReplayed)
  return undefined
}
