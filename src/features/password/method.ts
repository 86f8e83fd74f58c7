import * as v from 'valibot'
import type { Method } from '../../core/call.ts'
import { confirmation } from '../../core/passwords/credentials.ts'
import { PASSWORD } from '../../core/users/ways.ts'
import { sql } from '../../lib/sql.ts'
import { authenticate, confirmPassword } from './authenticate.ts'

const HAS_PASSWORD = sql`(users.hashed_password IS NOT NULL)`

/** The password: something you know. The doorkeeper compares it. */
export const password = {
  name: PASSWORD,
  kind: 'know',
  amr: ['pwd'],
  ways: HAS_PASSWORD,
  begins: HAS_PASSWORD,
  show: authenticate,
  confirm: (call, whose, input) =>
    v.is(confirmation, input) ? confirmPassword(call, whose, input.password) : undefined,
} satisfies Method
