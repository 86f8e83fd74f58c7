/** What the tests of your own code import, as `#latchkey/test`. Their world is that of Latchkey's tests: workerd, D1 and the Worker as it is. */
import { type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll } from 'vitest'
import { member, type Member, migrate } from './support.ts'

export { bearer, call, PASSWORD } from './support.ts'
export { env }

/** Every database empty and migrated, yours included, for the file that calls it. */
export function freshDatabase(): void {
  beforeAll(async () => {
    await reset()
    const databases = env as unknown as Record<string, D1Database>
    for (const [binding, migrations] of Object.entries<D1Migration[]>(env.MIGRATIONS)) {
      await migrate(databases[binding]!, migrations)
    }
  })
}

/** A user who has just signed in: `id`, `email` and `token`. */
export async function signedIn({ roles = [] }: { roles?: string[] } = {}): Promise<
  Pick<Member, 'id' | 'email' | 'token'>
> {
  const { id, email, token } = await member()
  await env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(JSON.stringify(roles), id).run()
  return { id, email, token }
}
