import type { Features } from './call.ts'
import { clients } from './clients/index.ts'
import { events } from './events/index.ts'
import { mail } from './mail/index.ts'
import { sessions } from './sessions/index.ts'
import { users } from './users/index.ts'

/**
 * The rooms of `core` that own tables. They declare the same things as features: the export and the cleanup read both.
 */
export const rooms = [users, sessions, clients, mail, events] as const satisfies Features
