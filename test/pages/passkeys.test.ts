import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { words as own } from '../../src/features/passkeys/words.ts'
import { words } from '../words.ts'
import {
  askForPasskey,
  bearer,
  call,
  callIn,
  callWith,
  claimsOf,
  clock,
  ENV,
  expectProblem,
  freshDatabase,
  keyHolder,
  leadsTo,
  type Lies,
  login,
  member,
  open,
  ORIGIN,
  Passkey,
  PASSWORD,
  SAME_ORIGIN,
  submit,
} from '../support.ts'
import { newTicket, writeTicket } from '../../src/core/ticket.ts'
import { callBy } from '../world/calls.ts'

freshDatabase()

const say = { ...words.en, ...own.en }

/** The form of a passkey, as the script of the page fills it. */
async function filled(passkey: Passkey, { ticket, ...lies }: Lies & { ticket?: string } = {}) {
  const begun = await askForPasskey(ticket)
  return { challenge: begun.ticket, credential: JSON.stringify(await passkey.use(begun.publicKey, lies)) }
}

const asksForTwo = (id: number) => env.DB.prepare('UPDATE users SET second_factor = 1 WHERE id = ?').bind(id).run()
const hidden = (html: string, name: string): string =>
  new RegExp(`<input type="hidden" name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? ''
const namesOf = async (id: number) =>
  (await env.DB.prepare('SELECT name FROM passkeys WHERE user_id = ?').bind(id).all<{ name: string }>()).results

describe('the login page', () => {
  it('has a form that script fills, and that is hidden until then', async () => {
    const html = await (await open('/login?return_to=/account')).text()
    const [form] = /<form class="other"[^]*?<\/form>/.exec(html)!
    expect(form).toContain('action="/login/passkey" data-passkey="get" data-options="/user/login/passkey/options"')
    expect(form).toMatch(/ data-autofill="" hidden="">/)
    expect(hidden(form, 'return_to')).toBe('/account')
    expect(form).toContain(`<button type="button">${say.signInWith}</button>`)
  })

  it.each([
    ['http://127.0.0.1:8787', false],
    ['http://[::1]:8787', false],
    ['http://localhost:8787', true],
    ['https://10.example', true],
    ['', false],
  ])('offers passkeys where PUBLIC_URL is %s: %s', async (PUBLIC_URL, is) => {
    const own = { ...ENV, PUBLIC_URL } as Env
    expect((await (await callWith(own, `${ORIGIN}/login`)).text()).includes('data-passkey')).toBe(is)
  })

  it('signs in, leads where it should, and ends the former session of the browser', async () => {
    const { passkey, token, sid } = await keyHolder()
    const answer = await submit('/login/passkey', { ...(await filled(passkey)), return_to: '/account' }, token)
    expect(leadsTo(answer)).toEqual([303, '/account'])
    const [, access] = /latchkey=([\w.-]+)/.exec(answer.headers.get('Set-Cookie')!)!
    expect(claimsOf(access!)).toMatchObject({ acr: 'aal2' })
    const row = await env.DB.prepare('SELECT revoked_at FROM sessions WHERE id = ?').bind(sid).first('revoked_at')
    expect(row).not.toBeNull()
  })

  it('says of a refused passkey that it was refused, and of an unknown one also to the browser', async () => {
    const { passkey } = await keyHolder()
    const refused = await submit('/login/passkey', await filled(passkey, { origin: 'https://elsewhere.example' }))
    const html = await refused.text()
    expect([refused.status, refused.headers.get('Set-Cookie')]).toEqual([401, null])
    expect(html).toContain(say.refused)
    expect(html).not.toContain(say.problems.invalid_credentials)
    expect(html).not.toContain('data-signal')

    const stranger = await Passkey.make()
    stranger.userHandle = passkey.userHandle
    const unknown = await (await submit('/login/passkey', await filled(stranger))).text()
    expect(unknown).toContain(say.refused)
    const about = JSON.stringify({ rpId: 'login.example', credentialId: stranger.id }).replaceAll('"', '&quot;')
    expect(unknown).toContain(`<span data-signal="signalUnknownCredential" data-about="${about}" hidden="">`)
  })

  it.each([
    ['nothing', {}, 400],
    ['what is not JSON', { challenge: 'x', credential: '<script>' }, 400],
    ['another JSON', { challenge: 'x', credential: '{"id":"<script>"}' }, 422],
  ])('refuses %s', async (_what, form, status) => {
    const answer = await submit('/login/passkey', form as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(await answer.text()).not.toContain('<script>')
  })

  it('takes no form of another site', async () => {
    const { passkey } = await keyHolder()
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    expect((await submit('/login/passkey', await filled(passkey), undefined, headers)).status).toBe(403)
  })
})

describe('between two steps', () => {
  it('a passkey completes a password, and the step is shown again when it is refused', async () => {
    const { id, email, passkey } = await keyHolder()
    await asksForTwo(id)
    const first = await submit('/login', { email, password: PASSWORD, return_to: '/account' })
    const step = await first.text()
    expect([first.status, first.headers.get('Set-Cookie')]).toEqual([200, null])
    expect(step).toContain(`<h1>${say.secondStep}</h1>`)
    expect(step).toContain(`<p data-without="">${say.without}</p>`)
    const kept = { ticket: hidden(step, 'ticket'), methods: hidden(step, 'methods'), return_to: '/account' }

    const wrong = await submit('/login/passkey', {
      ...(await filled(passkey, { ticket: kept.ticket, host: 'elsewhere.example' })),
      ...kept,
    })
    const again = await wrong.text()
    expect([wrong.status, hidden(again, 'ticket'), hidden(again, 'return_to')]).toEqual([401, kept.ticket, '/account'])
    expect(again).toContain(say.refused)
    const right = { ...(await filled(passkey, { ticket: kept.ticket })), ...kept }
    expect(leadsTo(await submit('/login/passkey', right))).toEqual([303, '/account'])
    expect((await submit('/login/passkey', right)).status).toBe(401)
  })

  it('a password completes a passkey whose device did not verify its user', async () => {
    const { email, passkey } = await keyHolder()
    const other = await member()
    const first = await submit('/login/passkey', await filled(passkey, { uv: false }))
    const step = await first.text()
    expect([first.status, first.headers.get('Set-Cookie')]).toEqual([200, null])
    const kept = { ticket: hidden(step, 'ticket'), methods: hidden(step, 'methods') }
    expect(kept.methods.split(' ')).toContain('password')

    const wrong = await submit('/login', { email, password: 'a wrong password', ...kept })
    expect([wrong.status, hidden(await wrong.text(), 'ticket')]).toEqual([401, kept.ticket])
    const ofOther = await submit('/login', { email: other.email, password: PASSWORD, ...kept })
    expect(ofOther.status).toBe(401)
    expect(await ofOther.text()).toContain(say.problems.invalid_ticket)
    expect(leadsTo(await submit('/login', { email, password: PASSWORD, ...kept }))).toEqual([303, '/login'])
    expect((await submit('/login', { email, password: PASSWORD, ...kept })).status).toBe(401)
  })

  it('a password does it as JSON, too, once', async () => {
    const { email, passkey } = await keyHolder()
    const { ticket: begun, publicKey } = await askForPasskey()
    const json = { ticket: begun, credential: await passkey.use(publicKey, { uv: false }) }
    const { ticket } = await expectProblem(
      await call('POST', '/user/login/passkey', { json }),
      403,
      'second_factor_required',
    )
    const asked = { json: { email, password: PASSWORD, ticket } }
    const answers = await Promise.all(Array.from({ length: 4 }, () => call('POST', '/user/login', asked)))
    const [won, ...lost] = answers.toSorted((a, b) => a.status - b.status)
    expect(claimsOf((await won!.json<{ access_token: string }>()).access_token)).toMatchObject({ acr: 'aal2' })
    for (const answer of lost) await expectProblem(answer, 401, 'invalid_ticket')
    await expectProblem(
      await call('POST', '/user/login', { json: { email, password: PASSWORD, ticket: 'lkt_x' } }),
      401,
      'invalid_ticket',
    )
    expect((await login(email)).status).toBe(200)
  })

  it('a passkey is enrolled where the settings demand a second factor, and its recovery codes are shown once', async () => {
    const { id, email } = await member()
    const own = { ...ENV, SECOND_FACTOR: 'everyone' } as Env
    const post = (path: string, form: Record<string, string>) =>
      callIn(own, 'POST', path, { body: new URLSearchParams(form), headers: SAME_ORIGIN })
    const moment = callBy({ own })
    const shown = newTicket(moment, { user: { id, epoch: 0 }, methods: ['password', 'code'] })
    const ticket = await writeTicket(moment, 'login', shown)
    const begun = await callIn(own, 'POST', '/user/login/passkey/enrol', { json: { ticket } })
    const { publicKey } = await begun.json<{ publicKey: { challenge: string; user: { id: string } } }>()
    const passkey = await Passkey.make()
    const credential = JSON.stringify(await passkey.register(publicKey))
    const kept = { ticket, methods: 'totp passkey', enrols: 'yes', return_to: '/account' }

    const wrong = await post('/login/passkey/enrol', { challenge: ticket, credential: '{}', ...kept })
    const again = await wrong.text()
    expect([wrong.status, hidden(again, 'ticket'), hidden(again, 'enrols')]).toEqual([422, ticket, 'yes'])
    expect(again).toContain('action="/login/passkey/enrol" data-passkey="create"')

    const answer = await post('/login/passkey/enrol', { challenge: ticket, credential, ...kept })
    const html = await answer.text()
    expect([answer.status, html.match(/(?:[\dA-Z]{4}-){3}[\dA-Z]{4}/g)?.length]).toEqual([200, 10])
    expect(html).toContain(`<a href="/account">${say.goOn}</a>`)
    expect(answer.headers.get('Set-Cookie')).toContain('latchkey=')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    expect((await login(email)).status).toBe(403) // from now on it is asked for
    expect((await post('/login/passkey/enrol', { challenge: ticket, credential, ...kept })).status).toBe(401)
  })
})

describe('/account/passkeys', () => {
  it('tells the browser what the account has, there and on /account', async () => {
    const { id, email, token, passkey } = await keyHolder()
    const asText = (about: object) => `data-about="${JSON.stringify(about).replaceAll('"', '&quot;')}"`
    const names = { rpId: 'login.example', userId: passkey.userHandle }
    for (const path of ['/account', '/account/passkeys']) {
      const html = await (await open(path, token)).text()
      expect(html).toContain(
        `data-signal="signalAllAcceptedCredentials" ${asText({ ...names, allAcceptedCredentialIds: [passkey.id] })}`,
      )
      expect(html).toContain(
        `data-signal="signalCurrentUserDetails" ${asText({ ...names, name: email, displayName: email })}`,
      )
    }
    await env.DB.prepare('DELETE FROM passkeys WHERE user_id = ?').bind(id).run()
    const html = await (await open('/account/passkeys', token)).text()
    expect(html).toContain(asText({ ...names, allAcceptedCredentialIds: [] })) // the last one is gone
    expect(await (await open('/account/passkeys', (await member()).token)).text()).not.toContain('data-signal')
  })

  it('shows, renames and removes only what is the own, and escapes its name', async () => {
    const { id, token, passkey } = await keyHolder()
    const other = await keyHolder()
    const path = `/account/passkeys/${passkey.id}`
    expect(leadsTo(await submit(path, { name: '<b>Mine</b>' }, token))).toEqual([
      303,
      '/account/passkeys?done=passkey_renamed',
    ])
    const html = await (await open('/account/passkeys', token)).text()
    expect(html).toContain('&lt;b&gt;Mine&lt;/b&gt;')
    expect(html).not.toContain('<b>')
    const wrong = await submit(path, { name: ' ' }, token)
    expect([wrong.status, (await wrong.text()).includes(`id="name-wrong"`)]).toEqual([422, true])
    expect((await open(path, other.token)).status).toBe(404)
    expect((await submit(path, { name: 'Theirs' }, other.token)).status).toBe(404)
    expect((await submit(path, { remove: 'yes' }, other.token)).status).toBe(404)
    expect(await namesOf(id)).toEqual([{ name: '<b>Mine</b>' }])
    expect(leadsTo(await submit(path, { remove: 'yes' }, token))).toEqual([
      303,
      '/account/passkeys?done=passkey_removed',
    ])
    expect(await namesOf(id)).toEqual([])
  })

  it('changes nothing in a session that is not fresh, until it was confirmed', async () => {
    const { id, token, passkey } = await keyHolder()
    const path = `/account/passkeys/${passkey.id}`
    const made = await call('POST', '/user/passkeys/options', bearer(token))
    const { publicKey } = await made.json<{ publicKey: { challenge: string; user: { id: string } } }>()
    const credential = JSON.stringify(await (await Passkey.make()).register(publicKey))
    clock.forward(601)
    const html = await (await open('/account/passkeys', token)).text()
    expect(html).not.toContain('data-passkey')
    expect(html).toContain('<a href="/account/confirm?return_to=/account/passkeys">')
    for (const [to, form] of [
      ['/account/passkeys', { challenge: '', credential }],
      [path, { name: 'Renamed' }],
      [path, { remove: 'yes' }],
    ] as const) {
      expect(leadsTo(await submit(to, form, token))).toEqual([303, '/account/passkeys'])
    }
    expect(await namesOf(id)).toEqual([{ name: 'Passkey' }])

    const again = { return_to: '/account/passkeys' }
    const wrong = await submit('/account/confirm', { ...(await filled(passkey, { host: 'x' })), ...again }, token)
    const page = await wrong.text()
    expect([wrong.status, page.includes(say.notConfirmed), page.includes('data-passkey="get"')]).toEqual([
      401,
      true,
      true,
    ])
    const byPasskey = await submit('/account/confirm', { ...(await filled(passkey)), ...again }, token)
    expect(leadsTo(byPasskey)).toEqual([303, '/account/passkeys?done=confirmed'])
    const [, fresh] = /latchkey=([\w.-]+)/.exec(byPasskey.headers.get('Set-Cookie')!)!
    expect(leadsTo(await submit(path, { name: 'Renamed' }, fresh))).toEqual([
      303,
      '/account/passkeys?done=passkey_renamed',
    ])
  })

  it('is for who is signed in', async () => {
    for (const path of ['/account/passkeys', '/account/passkeys/x']) {
      expect(leadsTo(await open(path))).toEqual([303, `/login?return_to=${path}`])
    }
    expect(leadsTo(await submit('/account/passkeys', { credential: '{}' }))).toEqual([
      303,
      '/login?return_to=/account/passkeys',
    ])
  })
})
