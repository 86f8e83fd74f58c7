import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { base64url, fromBase64url } from '../../../src/lib/bytes.ts'
import {
  type Algorithm,
  askForPasskey,
  askToAdd,
  type Assertion,
  bearer,
  call,
  freshDatabase,
  keyHolder,
  MANY,
  member,
  Passkey,
  times,
} from '../../support.ts'

freshDatabase()

/** The bytes with one of them changed, for so many places and changes as are tried. */
function* mutations(encoded: string, most: number): Generator<string> {
  const bytes = fromBase64url(encoded)
  const step = Math.max(1, Math.floor((bytes.length * 2) / most))
  for (let i = 0; i < bytes.length * 2; i += step) {
    const mutated = bytes.slice()
    const at = Math.floor(i / 2)
    mutated[at] = i % 2 === 0 ? mutated[at]! ^ (1 << (at % 8)) : 255 - mutated[at]!
    yield base64url(mutated)
  }
  yield base64url(bytes.slice(0, -1))
  yield base64url(bytes.slice(1))
  yield base64url(new Uint8Array([...bytes, 0]))
}

const MOST = times(400, 40)

const fields = ['clientDataJSON', 'authenticatorData', 'signature', 'userHandle'] as const

/** Requests with a status that is neither a success nor a failure of ours. */
function expectRefused(statuses: number[]): void {
  expect(statuses.length).toBeGreaterThan(20)
  expect([...new Set(statuses)].filter((status) => ![401, 422].includes(status))).toEqual([])
}

const inTens = async <T, R>(list: T[], run: (one: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = []
  for (let i = 0; i < list.length; i += 10) results.push(...(await Promise.all(list.slice(i, i + 10).map(run))))
  return results
}

describe('an assertion in which one byte is another', () => {
  it.each(
    (['ES256', 'RS256', 'EdDSA'] as Algorithm[]).flatMap((algorithm) =>
      fields.map((field) => [algorithm, field] as const),
    ),
  )('signs nobody in (%s, %s)', MANY, async (algorithm, field) => {
    const user = await keyHolder({ algorithm, counter: 1 })
    const before = await env.DB.prepare('SELECT * FROM passkeys WHERE id = ?').bind(user.passkey.id).first()
    const { publicKey } = await askForPasskey()
    const sample = await user.passkey.use(publicKey)
    const count = [...mutations(sample.response[field], MOST)].length
    const statuses = await inTens(
      Array.from({ length: count }, (_, i) => i),
      async (i) => {
        const begun = await askForPasskey() // each challenge is spent
        const right: Assertion = await user.passkey.use(begun.publicKey)
        const list = [...mutations(right.response[field], MOST)]
        const response = { ...right.response, [field]: list[i % list.length]! }
        const json = { ticket: begun.ticket, credential: { ...right, response } }
        return (await call('POST', '/user/login/passkey', { json })).status
      },
    )
    expectRefused(statuses)
    expect(await env.DB.prepare('SELECT * FROM passkeys WHERE id = ?').bind(user.passkey.id).first()).toEqual(before)
  })

  it('signs nobody in with another id', MANY, async () => {
    const user = await keyHolder()
    const statuses = await inTens([...mutations(user.passkey.id, MOST)], async (id) => {
      const { ticket, publicKey } = await askForPasskey()
      const right = await user.passkey.use(publicKey)
      const both = await call('POST', '/user/login/passkey', {
        json: { ticket, credential: { ...right, id, rawId: id } },
      })
      const one = await call('POST', '/user/login/passkey', { json: { ticket, credential: { ...right, rawId: id } } })
      expect(one.status).toBe(422)
      return both.status
    })
    expectRefused(statuses)
  })

  it('signs nobody in with another ticket', MANY, async () => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const credential = await user.passkey.use(publicKey)
    const places = Array.from({ length: Math.min(MOST, ticket.length) }, (_, i) =>
      Math.floor((i * ticket.length) / MOST),
    )
    const statuses = await inTens(places, async (at) => {
      const mutated = ticket.slice(0, at) + (ticket[at] === 'A' ? 'B' : 'A') + ticket.slice(at + 1)
      return (await call('POST', '/user/login/passkey', { json: { ticket: mutated, credential } })).status
    })
    expectRefused(statuses)
    expect((await call('POST', '/user/login/passkey', { json: { ticket, credential } })).status).toBe(200)
  })
})

/** What a registration says of its ceremony. */
function saidIn(clientDataJSON: string): unknown[] {
  const said = JSON.parse(new TextDecoder().decode(fromBase64url(clientDataJSON))) as Record<string, unknown>
  return [said['type'], said['challenge'], said['origin'], said['crossOrigin'] ?? false]
}

describe('a registration in which one byte is another', () => {
  it.each(['clientDataJSON', 'attestationObject'] as const)(
    'adds no passkey of another ceremony (%s)',
    MANY,
    async (field) => {
      const user = await member()
      const passkey = await Passkey.make()
      const credential = await passkey.register(await askToAdd(user.token))
      const { response } = credential
      const statuses: number[] = []
      for (const mutated of mutations(response[field], MOST)) {
        const json = { credential: { ...credential, response: { ...response, [field]: mutated } } }
        const { status } = await call('POST', '/user/passkeys', { ...bearer(user.token), json })
        statuses.push(status)
        if (status !== 201) continue
        // Nothing signs a registration without a statement: another key or flag is taken, but no other site and no other ceremony.
        if (field === 'clientDataJSON') expect(saidIn(mutated)).toEqual(saidIn(response[field]))
        await env.DB.prepare('DELETE FROM passkeys WHERE user_id = ?').bind(user.id).run()
        await env.DB.prepare('UPDATE users SET epoch = 0 WHERE id = ?').bind(user.id).run()
        await env.DB.prepare('DELETE FROM spent').run()
      }
      expect([...new Set(statuses)].filter((status) => ![201, 401, 422].includes(status))).toEqual([])
    },
  )
})

describe('an ECDSA signature', () => {
  it.each([
    ['with a longer length', (der: Uint8Array) => [0x30, 0x81, der[1]!, ...der.slice(2)]],
    ['with a byte behind it', (der: Uint8Array) => [...der, 0]],
    ['with a padded number', (der: Uint8Array) => [0x30, der[1]! + 1, 2, der[3]! + 1, 0, ...der.slice(4)]],
    ['with no number', () => [0x30, 0]],
    ['with two zeros', () => [0x30, 6, 2, 1, 0, 2, 1, 0]],
    ['with a negative number', () => [0x30, 6, 2, 1, 0xff, 2, 1, 0xff]],
    ['as two bare numbers', () => Array.from({ length: 64 }, () => 1)],
    ['that is empty', () => [0]],
    ['of ten thousand bytes', () => Array.from({ length: 8_000 }, () => 0x30)],
  ])('%s is refused', async (_how, bend) => {
    const user = await keyHolder()
    const { ticket, publicKey } = await askForPasskey()
    const right = await user.passkey.use(publicKey)
    const signature = base64url(Uint8Array.from(bend(fromBase64url(right.response.signature))))
    const credential = { ...right, response: { ...right.response, signature } }
    expect((await call('POST', '/user/login/passkey', { json: { ticket, credential } })).status).toBe(401)
  })
})
