import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  bearer,
  callIn,
  expectProblem,
  freshDatabase,
  insertUser,
  mails,
  member,
  nobody,
  PASSWORD,
  watchedIsolate,
} from '../support.ts'

freshDatabase()
afterEach(() => void vi.restoreAllMocks())

const WEBHOOKS = { WEBHOOK_URL: 'https://receiver.example/events', WEBHOOK_SECRET: `whsec_${btoa('7'.repeat(32))}` }

/** The outboxes of which somebody claimed what is due. */
const passes = ({ calls }: ReturnType<typeof watchedIsolate>) =>
  ['webhook_outbox', 'outbox'].filter((table) =>
    calls.some(({ texts }) => texts.some((text) => text.startsWith(`UPDATE ${table} SET attempts`))),
  )

describe('after the answer', () => {
  it('nothing is read for a request that put nothing anywhere, be it a login or a logout', async () => {
    const isolate = watchedIsolate()
    const { email } = await insertUser()
    const answer = await callIn(isolate.env, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    const { access_token } = await answer.json<{ access_token: string }>()
    expect((await callIn(isolate.env, 'POST', '/user/logout', bearer(access_token))).status).toBe(204)
    expect(passes(isolate)).toEqual([])
  })

  it('a login alone looks at no outbox, whether or not anybody hears of events', async () => {
    const isolate = watchedIsolate(WEBHOOKS)
    const { email } = await insertUser()
    const json = { email, password: PASSWORD }
    expect((await callIn(isolate.env, 'POST', '/user/login', { json })).status).toBe(200)
    await expectProblem(
      await callIn(isolate.env, 'POST', '/user/login', { json: { ...json, password: 'wrong' } }),
      401,
      'invalid_credentials',
    )
    expect(passes(isolate)).toEqual([])
  })

  it('an outbox is read only if something was put into it', async () => {
    const receive = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(null, { status: 204 }))
    const { token, sid } = await member()
    const events = watchedIsolate(WEBHOOKS)
    expect((await callIn(events.env, 'DELETE', `/user/sessions/${sid}`, bearer(token))).status).toBe(204)
    expect(passes(events)).toEqual(['webhook_outbox'])
    expect(receive).toHaveBeenCalledOnce()
    const mail = watchedIsolate()
    const email = nobody()
    await callIn(mail.env, 'POST', '/user/register', { json: { email, password: PASSWORD } })
    expect(passes(mail)).toEqual(['outbox'])
    expect(mails.filter(({ to }) => to === email)).toHaveLength(1)
  })

  it('what a refused request put into an outbox is delivered, too', async () => {
    const isolate = watchedIsolate()
    const { email } = await insertUser({ email_verified: 0 })
    const answer = await callIn(isolate.env, 'POST', '/user/login', { json: { email, password: PASSWORD } })
    await expectProblem(answer, 403, 'email_not_verified')
    expect(passes(isolate)).toEqual(['outbox'])
    expect(mails.filter(({ to }) => to === email)).toHaveLength(1)
  })
})
