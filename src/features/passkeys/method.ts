import * as v from 'valibot'
import type { Method } from '../../core/call.ts'
import { sql } from '../../lib/sql.ts'
import { authenticate, confirmPasskey } from './authenticate.ts'
import { confirming } from './inputs.ts'
import { beginSignIn } from './options.ts'
import { LISTED, PASSKEY } from './queries.ts'
import { hasPasskeys } from './relying-party.ts'

/**
 * A passkey: something you have. With user verification, by a PIN or a fingerprint, it shows something you know or are as well,
 * and is two factors in one.
 */
export const passkey = {
  name: PASSKEY,
  kind: 'both',
  amr: ['pop'], // RFC 8176: proof of possession of a key, wherever it is stored
  ways: sql`(SELECT count(*) FROM passkeys WHERE user_id = users.id)`,
  // Without user verification it needs a second method, and cannot be the only one.
  begins: sql`(SELECT count(*) FROM passkeys WHERE user_id = users.id AND user_verified = 1)`,
  enrols: true,
  isOn: hasPasskeys,
  begin: (call, _input: undefined, ticket) => beginSignIn(call, ticket),
  show: authenticate,
  confirm: (call, whose, input) => (v.is(confirming, input) ? confirmPasskey(call, whose, input) : undefined),
  factors: {
    label: { en: 'Passkey', ko: '패스키' },
    list: (user_id) => sql`SELECT ${LISTED} FROM passkeys WHERE user_id = ${user_id} ORDER BY created_at, id`,
    owners: sql`SELECT user_id FROM passkeys`,
    remove: (user_id, id) =>
      sql`DELETE FROM passkeys WHERE user_id = ${user_id} AND id IN (${id ?? sql`id`}) RETURNING id`,
  },
} satisfies Method
