import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { registry } from '../../../src/app.ts'
import { type UserFilter, userFilter } from '../../../src/features/admin/parameters.ts'
import { usersPage } from '../../../src/features/admin/user-queries.ts'
import { check } from '../../../src/http/body.ts'
import { cursorAt } from '../../../src/lib/cursor.ts'
import {
  administrator,
  bearer,
  call,
  ENV,
  expectProblem,
  freshDatabase,
  insertClient,
  type Member,
  member,
  now,
  open,
  watchedDatabase,
} from '../../support.ts'

freshDatabase()

let admin: Member
const run = (text: string, ...values: unknown[]) =>
  env.DB.prepare(text)
    .bind(...values)
    .run()

/** Sixty users at two domains. What each is follows from the number in the address. */
beforeAll(async () => {
  admin = await administrator()
  await run(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59)
    INSERT INTO users (email, hashed_password, disabled_at, email_verified, roles)
    SELECT printf('P%02d@%s.example', i, iif(i % 2, 'odd', 'Even')), NULL, iif(i % 3, NULL, 1), i % 5 > 0,
      iif(i % 4, '[]', '["editor"]') FROM n`)
  const those = (rest: number, of: number) =>
    `SELECT id FROM users WHERE email LIKE 'p%' AND substr(email, 2, 2) % ${of} = ${rest}`
  await run(`INSERT INTO totp (user_id, id, secret, key_name, created_at, confirmed_at)
    SELECT id, id, '', '', 1, iif(email LIKE 'p01%', NULL, 1) FROM users WHERE id IN (${those(1, 10)})`)
  await run(`INSERT INTO passkey_handles (user_id, handle) SELECT id, id FROM users WHERE id IN (${those(1, 20)})`)
  for (const part of ['a', 'b'])
    await run(`INSERT INTO passkeys (id, user_id, public_key, counter, user_verified, backup_eligible, backed_up, aaguid, name, created_at)
      SELECT '${part}' || user_id, user_id, '', 0, 1, 0, 0, '', '', 1 FROM passkey_handles`)
  await run(`INSERT INTO identities (id, issuer, subject, user_id, provider, created_at)
    SELECT id, 'i', id, id, 'google', 1 FROM users WHERE id IN (${those(2, 20)})`)
  // Last, because a factor that is added voids an invitation.
  await run(
    `INSERT INTO invitations (user_id, hash, email, expires_at, epoch)
    SELECT id, substr('h' || id || printf('%050d', 0), 1, 43), email, ?, epoch FROM users WHERE id IN (${those(1, 6)})`,
    now(),
  )
})

const numbers = (which: (i: number) => boolean) => Array.from({ length: 60 }, (_, i) => i).filter(which)
const is = (rest: number, of: number) => (i: number) => i % of === rest

const FILTERS: [query: Record<string, string>, which: (i: number) => boolean, plan: RegExp][] = [
  [{ email: '@even.EXAMPLE' }, is(0, 2), /USING INDEX users_domain/],
  [{ email: 'p1' }, (i) => i >= 10 && i < 20, /USING INDEX users_canonical_email/],
  [{ disabled: 'true' }, is(0, 3), /USING INDEX users_disabled_at/],
  [{ unverified: 'true' }, is(0, 5), /USING INDEX users_unverified/],
  [{ invited: 'true' }, is(1, 6), /SEARCH invitations USING INTEGER PRIMARY KEY/],
  [{ role: 'editor' }, is(0, 4), /USING INDEX users_with_roles/],
  [{ factor: 'any' }, (i) => i % 10 === 1, /SEARCH passkeys USING COVERING INDEX/],
  [{ factor: 'totp' }, (i) => i % 10 === 1 && i !== 1, /SEARCH totp USING INTEGER PRIMARY KEY/],
  [{ factor: 'passkey' }, is(1, 20), /SEARCH passkeys USING COVERING INDEX/],
  [{ factor: 'identity' }, is(2, 20), /SEARCH identities USING COVERING INDEX/],
  [{ factor: 'none', email: 'p' }, (i) => i % 10 !== 1, /USING INDEX users_canonical_email/],
  [{ disabled: 'true', unverified: 'true', email: '@even.example' }, is(0, 30), /USING INDEX users_disabled_at/],
  [{ role: 'editor', email: 'P2', unverified: 'true' }, is(20, 60), /USING INDEX users_with_roles/],
  [{ invited: 'true', factor: 'none', email: '@odd.example' }, (i) => i % 6 === 1 && i % 10 !== 1, /invitations/],
  [{ factor: 'any', disabled: 'true' }, (i) => i % 10 === 1 && i % 3 === 0, /USING INDEX users_disabled_at/],
]

describe('a list of users', () => {
  it.each(FILTERS)('by %o has those, each once, page after page, while somebody leaves', async (query, which) => {
    const found: string[] = []
    let cursor: string | null = null
    do {
      const parameters = new URLSearchParams({ ...query, limit: '3', ...(cursor !== null && { cursor }) })
      const answer = await call('GET', `/admin/users?${parameters.toString()}`, bearer(admin.token))
      expect(answer.status).toBe(200)
      const page = await answer.json<{ users: { email: string }[]; next: string | null }>()
      found.push(...page.users.map(({ email }) => email))
      cursor = page.next
      // A cursor names no row, so it goes on even if the one before it has gone.
      await run(`INSERT INTO users (email) VALUES ('passes@elsewhere.example')`)
      await run(`DELETE FROM users WHERE email = 'passes@elsewhere.example'`)
    } while (cursor !== null)
    expect(found.map((email) => Number(email.slice(1, 3)))).toEqual(numbers(which))
  })

  it.each(FILTERS)('by %o is the same in the console', async (query, which) => {
    const html = await (await open(`/console?${new URLSearchParams(query).toString()}`, admin.token)).text()
    const rows = [...html.matchAll(/href="\/console\/users\/\d+">P(\d\d)@/g)].map(([, i]) => Number(i))
    expect(rows).toEqual(numbers(which).slice(0, 20))
    const next = /href="\/console\?([^"]*cursor=[^"]*)"/.exec(html.split('</main>')[0]!)?.[1]
    const kept = Object.fromEntries(new URLSearchParams(next?.replaceAll('&amp;', '&') ?? ''))
    if (numbers(which).length > 20) expect(kept).toMatchObject(query)
    else expect(next).toBeUndefined()
  })

  it.each([
    [{ factor: 'nothing' }, 'factor', 'malformed'],
    [{ factor: 'password' }, 'factor', 'malformed'],
    [{ disabled: 'yes' }, 'disabled', 'wrong_type'],
    [{ invited: '' }, 'invited', 'wrong_type'],
    [{ email: '@odd.example', cursor: cursorAt('p@odd.example') }, 'cursor', 'malformed'],
  ])('refuses %o', async (query, field, code) => {
    const answer = await call('GET', `/admin/users?${new URLSearchParams(query).toString()}`, bearer(admin.token))
    expect((await expectProblem(answer, 422, 'invalid_query')).errors).toEqual([{ field, code }])
  })

  it('says of each user what is remarkable, and when they last signed in', async () => {
    const user = await member()
    await run(`UPDATE users SET roles = '["a-role"]' WHERE id = ?`, user.id)
    const row = async (email: string) => {
      const html = await (await open(`/console?email=${email}`, admin.token)).text()
      return /<ul class="rows">(.*?)<\/ul>/s.exec(html)![1]!
    }
    expect(await row(user.email)).toMatch(/<span class="badge">a-role<\/span>.*Last sign-in: <time/s)
    expect(await row('p00')).toMatch(/Disabled.*Not confirmed.*Last sign-in: None/s)
    expect(await row('p07')).toContain('Invitation expired')
  })
})

/** What SQLite does to answer a list, in a database of a hundred thousand users that it knows nothing about. */
describe('the plan of a list', () => {
  const plans = async (query: Record<string, string>) => {
    const { DB, texts } = watchedDatabase()
    const filter: UserFilter = check(userFilter, query, 'invalid_query')
    await usersPage({ ...ENV, DB }.DB, filter, registry.methods)
    const nulls = [...texts[0]!.matchAll(/\?/g)].map(() => null)
    const steps = await env.DB.prepare(`EXPLAIN QUERY PLAN ${texts[0]}`)
      .bind(...nulls)
      .all<{ detail: string }>()
    return steps.results.map(({ detail }) => detail)
  }

  it.each([...FILTERS, [{ factor: 'none' }, () => true, /^SEARCH users USING INTEGER PRIMARY KEY/] as const])(
    'by %o uses an index, and sorts nothing',
    async (query, _which, index) => {
      for (const cursor of [
        undefined,
        cursorAt(query.email && !query.email.startsWith('@') ? `${query.email.toLowerCase()}z` : 5),
      ]) {
        const steps = await plans({ ...query, ...(cursor && { cursor }) })
        expect(steps.join('\n')).toMatch(index)
        expect(
          steps.filter(
            (step) => /^SCAN (?!json_each|CONSTANT|\(subquery)/.test(step) && !step.includes('users_with_roles'),
          ),
        ).toEqual([])
        if (query.role === undefined) expect(steps.join()).not.toContain('TEMP B-TREE FOR ORDER BY')
      }
    },
  )
})

describe('GET /admin/users/:id', () => {
  it('has what the account has, in one batch, and so has its page', async () => {
    const user = await member()
    const { client } = await insertClient()
    await run(`UPDATE users SET name = 'Ann <b>', language = 'ko', second_factor = 1 WHERE id = ?`, user.id)
    await run(
      `INSERT INTO consents (user_id, client_id, scope, granted_at) VALUES (?, ?, 'openid', 1)`,
      user.id,
      client.id,
    )
    await run(
      `INSERT INTO identities (id, issuer, subject, user_id, provider, email, created_at) VALUES ('own', 'own', 'own', ?, 'google', 'a@b.example', 2)`,
      user.id,
    )
    await run(
      `INSERT INTO one_time_tokens (user_id, purpose, hash, email, expires_at, epoch)
        SELECT id, 'email_change', ?, 'moves@example.com', ?, epoch FROM users WHERE id = ?`,
      'h'.repeat(43),
      now() + 60,
      user.id,
    )
    const answer = await call('GET', `/admin/users/${user.id}`, bearer(admin.token))
    expect(await answer.json()).toMatchObject({
      name: 'Ann <b>',
      language: 'ko',
      second_factor: true,
      last_login_at: expect.any(Number),
      email_change: { email: 'moves@example.com', expires_at: now() + 60 },
      factors: [{ id: 'own', type: 'identity', name: 'Google (a@b.example)', created_at: 2, last_used_at: null }],
      recovery_codes_left: 0,
      applications: [{ client_id: client.id, name: client.name, scope: 'openid', granted_at: 1, sessions: 0 }],
      sessions: [{ id: user.sid }],
    })
    const html = await (await open(`/console/users/${user.id}`, admin.token)).text()
    for (const text of ['Ann &lt;b&gt;', '한국어', 'moves@example.com', 'Google (a@b.example)', client.name])
      expect(html).toContain(text)
    expect(html).not.toContain('h'.repeat(43))
  })
})
