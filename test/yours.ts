/** What the tests of your own code import, as `#latchkey/test`. Their world is that of Latchkey's tests: workerd, D1 and the Worker as it is. */
import { type D1Migration, reset } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeAll } from 'vitest'
import { clock } from '../src/testing/clock.ts'
import { now } from '../src/lib/time.ts'
import { insertUser, type Member, migrate, sessionFor } from './support.ts'

export * from '../src/testing/index.ts'
export { addPasskey, call, enrolApp, mailbox, PASSWORD, signInWith } from './support.ts'
export { clock, env }

/** Every database empty and migrated, yours included, for the file that calls it. The clock runs again after each test. */
export function freshDatabase(): void {
  afterEach(() => clock.run())
  beforeAll(async () => {
    await reset()
    const databases = env as unknown as Record<string, D1Database>
    for (const [binding, migrations] of Object.entries<D1Migration[]>(env.MIGRATIONS)) {
      await migrate(databases[binding]!, migrations)
    }
  })
}

type Wanted = {
  roles?: string[]
  /** Who has shown two factors in this session, as `factorRequired` asks. The account itself has no second one. */
  aal2?: boolean
}

/** A user with `PASSWORD` who has just signed in. */
export async function signedIn({ roles = [], aal2 = false }: Wanted = {}): Promise<
  Pick<Member, 'id' | 'email' | 'token'>
> {
  const { id, email } = await insertUser({ password_set_at: now() })
  await env.DB.prepare('UPDATE users SET roles = ? WHERE id = ?').bind(JSON.stringify(roles), id).run()
  const { token } = await sessionFor(id, aal2 ? ['password', 'totp'] : ['password'])
  return { id, email, token }
}
