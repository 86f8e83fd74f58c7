import type { Call, SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { requireSecondFactors } from '../../core/users/second-factor.ts'
import type { User } from '../../core/users/users.ts'
import { randomId } from '../../lib/bytes.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import { proofOfSession } from '../../signing-in/confirm.ts'
import { enrolling } from '../../signing-in/enrol.ts'
import { rest } from '../../signing-in/rest.ts'
import { addressOf, newSecret } from './codes.ts'
import { TOTP } from './prove.ts'
import { qrCode } from './qr.ts'
import { appOf, isPending } from './queries.ts'
import { openSecret, sealSecret } from './sealing.ts'

/** What an app needs: the secret in base32, the same as an address (`otpauth:`), and the address as a QR code in SVG. */
export type Enrolment = { secret: string; uri: string; qr: string }

/**
 * Begins to enrol an app. Nothing asks for its codes until one has confirmed it. A new beginning replaces the last one.
 * The session must be one that may change factors.
 * @throws Problem 403 `second_factors_off`, 409 `factor_exists`, 401 `invalid_token`, 503 `not_ready` or `unavailable`
 */
export async function enrol(call: SignedInCall): Promise<Enrolment> {
  requireSecondFactors(call.settings)
  const proof = await proofOfSession(call)
  const { insert, enrolment } = await newApp(call, proof.user)
  const [, begun] = await rest(call, proof, (mine) => [sql`SELECT id FROM users WHERE ${mine}`, insert(mine)])
  if (begun?.length !== 1) throw new Problem('factor_exists')
  return enrolment
}

/**
 * The same in a sign-in that the settings demand a second factor of. It uses up nothing: the ticket goes on to
 * `confirmInSignIn`.
 * @throws Problem 401 `invalid_ticket`, 503 `not_ready` or `unavailable`
 */
export async function enrolInSignIn(call: Call, ticket: string): Promise<Enrolment> {
  const { proof } = await enrolling(call, ticket, TOTP)
  const { insert, enrolment } = await newApp(call, proof.user)
  const [begun] = await batch(call.env.DB, [insert(proof.holds)])
  if (begun?.length !== 1) throw new Problem('invalid_ticket')
  return enrolment
}

/** The app that waits for its first code, to show it once more. @throws Problem 404 `not_found`, 503 */
export async function pendingEnrolment(call: Call, user: Pick<User, 'id' | 'email'>): Promise<Enrolment> {
  const app = await appOf(call.env.DB, user.id, isPending(call.now))
  if (!app) throw new Problem('not_found')
  return shown(call, user, await openSecret(call.settings, app))
}

/** The same while signing in. @throws Problem 401 `invalid_ticket`, 404 `not_found`, 503 */
export async function pendingInSignIn(call: Call, ticket: string): Promise<Enrolment> {
  const { proof } = await enrolling(call, ticket, TOTP)
  return pendingEnrolment(call, proof.user)
}

/** A new app, and the statement that stores it. It returns a row unless the account has a confirmed one. */
async function newApp(call: Call, user: User): Promise<{ insert: (mine: Sql) => Sql; enrolment: Enrolment }> {
  const secret = newSecret()
  const sealed = await sealSecret(call.settings, secret, { user_id: user.id, id: randomId() })
  const insert = (mine: Sql) => sql`INSERT INTO totp (user_id, id, secret, key_name, created_at)
    SELECT id, ${sealed.id}, ${sealed.secret}, ${sealed.key_name}, ${call.now} FROM users WHERE ${mine}
    ON CONFLICT (user_id) DO UPDATE SET id = excluded.id, secret = excluded.secret, key_name = excluded.key_name,
      created_at = excluded.created_at, last_step = 0, last_used_at = NULL WHERE confirmed_at IS NULL
    RETURNING user_id AS id`
  return { insert, enrolment: await shown(call, user, secret) }
}

async function shown({ settings }: Call, { email }: Pick<User, 'email'>, secret: string): Promise<Enrolment> {
  const uri = addressOf(secret, { issuer: settings.APP_NAME, account: email })
  return { secret, uri, qr: await qrCode(uri) }
}
