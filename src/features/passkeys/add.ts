import type { Call } from '../../core/call.ts'
import { auditRow } from '../../core/events/audit.ts'
import type { Proof } from '../../core/proof.ts'
import { factor, undoableMail } from '../../core/users/undo.ts'
import type { CountedUser } from '../../core/users/users.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { type Attested, verifyAttestation } from './attestation.ts'
import { type Ceremony, readChallenge } from './challenge.ts'
import { unverifiedClientData } from './client-data.ts'
import type { Attestation } from './inputs.ts'
import { mails } from './mails.ts'
import { nameOf } from './names.ts'
import { type ListedPasskey, PASSKEY } from './queries.ts'
import { relyingParty } from './relying-party.ts'

/** The most passkeys of an account. Each one is sent to the browser when another is made. */
const MAX_PASSKEYS = 20

/** A credential that a browser has just made, and what its person calls it. */
export type New = { credential: Attestation; name?: string | undefined }

/**
 * A passkey more would raise the epoch, so the number holds as long as the proof.
 * @throws Problem 422 `invalid_body` if an account has as many passkeys as it can have
 */
export function refuseTooMany({ has }: CountedUser): void {
  if ((has[PASSKEY] ?? 0) >= MAX_PASSKEYS) throw refusal('too_many')
}

/** Refuses a new passkey. */
export const refusal = (code: string) => new Problem('invalid_body', { errors: [{ field: 'credential', code }] })

/** `proof` gives the user, and is made to hold only while the passkey can be added. `along`: the statements that add it. */
type Addition = { proof: Proof; passkey: ListedPasskey; user_verified: boolean; along: (mine: Sql) => Promise<Sql[]> }

/**
 * Verifies a new passkey, and makes its addition depend on the proof, on its challenge, and on its id, which nobody has yet.
 * @throws Problem 401 `invalid_ticket` for a challenge that is not of this ceremony, 422 `invalid_body`, 503 `not_ready`
 */
export async function addition(
  call: Call,
  proof: Proof,
  { credential, name }: New,
  ceremony: Ceremony,
): Promise<Addition> {
  const { user, holds } = proof
  const party = relyingParty(call.settings)
  refuseTooMany(user)
  const said = unverifiedClientData(credential.response.clientDataJSON)
  if (said === undefined) throw refusal('not_accepted')
  const single = await readChallenge(call, said.challenge, user, ceremony)
  const attested = await verifyAttestation(credential, { challenge: said.challenge, party })
  if (attested === undefined) throw refusal('not_accepted')
  const { id } = credential
  const passkey = {
    id,
    name: name ?? nameOf(attested.aaguid, call.origin.language),
    created_at: call.now,
    last_used_at: null,
  }
  const isFree = sql`NOT EXISTS (SELECT 1 FROM passkeys WHERE id = ${id})`
  return {
    proof: { ...proof, holds: sql`${holds} AND ${isFree}`, spends: [...proof.spends, single] },
    passkey,
    user_verified: attested.user_verified,
    along: async (mine) => [
      insert(passkey, attested, { mine, challenge: single.id }),
      auditRow(call, { event: 'passkey_added', user_id: user.id, session_id: proof.session?.id ?? null }, exists(mine)),
      ...(await undoableMail(call, mails.added, mine, 'factor_added', factor(PASSKEY, id))),
    ],
  }
}

const exists = (users: Sql): Sql => sql`EXISTS (SELECT 1 FROM users WHERE ${users})`

type Where = { mine: Sql; challenge: string }

const insert = ({ id, name, created_at }: ListedPasskey, attested: Attested, { mine, challenge }: Where): Sql =>
  sql`INSERT INTO passkeys (id, user_id, public_key, counter, user_verified, backup_eligible, backed_up, transports,
      aaguid, name, created_at, last_challenge)
    SELECT ${id}, id, ${attested.public_key}, ${attested.counter}, ${Number(attested.user_verified)},
      ${Number(attested.backup_eligible)}, ${Number(attested.backed_up)}, ${JSON.stringify(attested.transports)}, ${attested.aaguid},
      ${name}, ${created_at}, ${challenge}
    FROM users WHERE ${mine} RETURNING id`
