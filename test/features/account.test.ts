import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { bearer, call, claimsOf, freshDatabase, login, signedIn } from '../support.ts'

freshDatabase()

describe('GET /user/me', () => {
  it('shows what the account is, and nothing that only the service needs', async () => {
    const { id, email, token } = await signedIn()
    const answer = await call('GET', '/user/me', bearer(token))
    const created_at = await env.DB.prepare('SELECT created_at FROM users WHERE id = ?').bind(id).first('created_at')
    expect(await answer.json()).toEqual({ user_id: id, email, email_verified: true, roles: [], created_at })
  })

  it('shows roles, which the next token carries', async () => {
    const { id, email } = await signedIn()
    await env.DB.prepare(`UPDATE users SET roles = '["admin","editor"]' WHERE id = ?`).bind(id).run()
    const { access_token } = await (await login(email)).json<{ access_token: string }>()
    expect(claimsOf(access_token).roles).toEqual(['admin', 'editor'])
    expect(await (await call('GET', '/user/me', bearer(access_token))).json()).toMatchObject({
      roles: ['admin', 'editor'],
    })
  })
})
