import type { SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { rooms } from '../../core/rooms.ts'
import { Problem } from '../../problem.ts'

/** All data about a user, from the features and the rooms of `core`. If two use the same name, that of `core` wins. */
export async function everythingAbout(call: SignedInCall): Promise<Record<string, unknown>> {
  const { user_id: id } = call.session
  const { features } = call.registry
  const held = [...features, ...rooms].flatMap(({ holds = {} }) => Object.entries(holds))
  const rows = await batch(
    call.env.DB,
    held.map(([, statement]) => statement(id)),
  )
  const found = Object.fromEntries(held.map(([name], i) => [name, rows[i]!]))
  const user = found['user']?.[0] as { email: string } | undefined
  if (!user) throw new Problem('not_found')
  const remembered = await Promise.all(
    features.map(async ({ remembers }) => remembers?.(call, { id, email: user.email })),
  )
  return Object.assign({}, found, { user }, ...remembered) as Record<string, unknown>
}
