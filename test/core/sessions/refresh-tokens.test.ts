import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { config } from '../../../src/config.ts'
import { refreshToken, readRefreshToken } from '../../../src/core/sessions/refresh-tokens.ts'
import { base64url, fromBase64url, randomId, utf8 } from '../../../src/lib/bytes.ts'
import { crc32 } from '../../../src/lib/crc32.ts'
import { ENV } from '../../support.ts'

const SECRET = 'only-for-tests: the key that is shared with nobody'
const settings = config(ENV)

type Made = { secret?: string; info?: string; key?: Uint8Array; prefix?: string; extra?: number[] }

/** A token of the same form by another hand. */
async function make(session_id: string, generation: number, made: Made = {}): Promise<string> {
  const { secret = SECRET, info = 'latchkey refresh token', prefix = 'lkr_', extra = [] } = made
  const digits = generation.toString(16).padStart(8, '0')
  const name = [...fromBase64url(session_id), ...digits.match(/../g)!.map((pair) => parseInt(pair, 16))]
  const mac = await hmac(made.key ?? (await hkdf(secret, info)), new Uint8Array(name))
  const body = base64url(new Uint8Array([...name, ...mac, ...extra]))
  return prefix + body + sumOf(prefix + body)
}

const hmac = async (key: Uint8Array, data: Uint8Array): Promise<Uint8Array> => {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data))
}

/** RFC 5869 in its own words, for one block: extract with an empty salt, then expand. */
const hkdf = async (secret: string, info: string): Promise<Uint8Array> =>
  hmac(await hmac(new Uint8Array(32), utf8(secret)), new Uint8Array([...utf8(info), 1]))

const sumOf = (text: string): string =>
  base64url(new Uint8Array([24, 16, 8, 0].map((shift) => crc32(utf8(text)) >>> shift)))

/** Another body under a checksum that fits it. */
const withSum = (body: string): string => `lkr_${body}${sumOf(`lkr_${body}`)}`

const id = randomId()
const read = (token: string) => readRefreshToken(token, settings)

/** The token that the forgeries below start from. */
const good = await make(id, 3)

const body = good.slice(4, 74)
const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)

const NONE: [string, string][] = [
  ['nothing', ''],
  ['the prefix alone', 'lkr_'],
  ['no prefix', good.slice(4)],
  ['another prefix', await make(id, 3, { prefix: 'lkd_' })],
  ['the prefix in capitals', good.replace('lkr_', 'LKR_')],
  ['white space in front', ` ${good}`],
  ['a line break behind', `${good}\n`],
  ['one character less', good.slice(0, -1)],
  ['one character more', `${good}A`],
  ['one byte more, under a checksum that fits', await make(id, 3, { extra: [0] })],
  ['padding', `${good}=`],
  ['characters of plain base64', withSum(`+/${body.slice(2)}`)],
  ['a wrong checksum', flip(good, 76)],
  ['a checksum of the body without the prefix', `lkr_${body}${sumOf(body)}`],
  ['another session id', withSum(flip(body, 3))],
  ['another generation', withSum(flip(body, 24))],
  ['another MAC', withSum(flip(body, 50))],
  ['no MAC', withSum(`${body.slice(0, 27)}${'A'.repeat(43)}`)],
  ['unused bits that are set', withSum(body.slice(0, 69) + nextCharacter(body[69]!))],
  ['an HMAC under another secret', await make(id, 3, { secret: 'another secret that is long enough to be one' })],
  ['an HMAC under the secret itself', await make(id, 3, { key: utf8(SECRET) })],
  ['an HMAC under the key of another use', await make(id, 3, { info: 'latchkey outbox' })],
  ['an HMAC under what JWT_SECRET_KEY gives', await make(id, 3, { secret: env.JWT_SECRET_KEY })],
]

describe('the checksum', () => {
  it('is the CRC-32 that everybody else computes', () => {
    expect(crc32(utf8('123456789'))).toBe(0xcbf43926)
  })
})

describe('a refresh token', () => {
  it('is a name, an HMAC of it under a key of its own, and a checksum: as another implementation makes it', async () => {
    for (const generation of [0, 1, 255, 65_536, 2 ** 32 - 1]) {
      const token = await refreshToken({ session_id: id, generation }, settings)
      expect(token).toBe(await make(id, generation))
      expect(token).toMatch(/^lkr_[\w-]{76}$/)
      expect(await read(token)).toEqual({ session_id: id, generation })
    }
  })

  it('is always the same for a generation, and never the same for two', async () => {
    const name = { session_id: id, generation: 7 }
    expect(await refreshToken(name, settings)).toBe(await refreshToken(name, config({ ...ENV })))
    const tokens = new Set<string>()
    for (let i = 0; i < 10_000; i++) {
      tokens.add(await refreshToken({ session_id: i % 2 ? randomId() : id, generation: i }, settings))
    }
    expect(tokens.size).toBe(10_000)
  })

  it.each(NONE)('%s is not a refresh token', async (_name, token) => {
    expect(await read(good)).toEqual({ session_id: id, generation: 3 })
    expect(await read(token)).toBeUndefined()
  })

  it('dies by any one character that differs', async () => {
    for (let at = 0; at < good.length; at++) expect(await read(flip(good, at))).toBeUndefined()
  })

  it('is read with the previous secret, and made with the current one', async () => {
    const next = 'the secret after the rotation, 32 bytes or more'
    const rotated = config({ ...ENV, LATCHKEY_SECRET: next, LATCHKEY_SECRET_PREVIOUS: SECRET })
    expect(await readRefreshToken(good, rotated)).toEqual({ session_id: id, generation: 3 })
    expect(await refreshToken({ session_id: id, generation: 3 }, rotated)).toBe(await make(id, 3, { secret: next }))
    expect(await readRefreshToken(good, config({ ...ENV, LATCHKEY_SECRET: next }))).toBeUndefined()
  })

  it('comes from JWT_SECRET_KEY where no other secret is set, and follows its rotation', async () => {
    const [old, next] = [env.JWT_SECRET_KEY, 'the signing key after the rotation, 32 bytes or more']
    const token = await make(id, 3, { secret: old })
    const one = config({ ...ENV, LATCHKEY_SECRET: '' })
    expect(await refreshToken({ session_id: id, generation: 3 }, one)).toBe(token)
    const rotated = { ...ENV, LATCHKEY_SECRET: '', JWT_SECRET_KEY: next }
    expect(await readRefreshToken(token, config({ ...rotated, JWT_SECRET_KEY_PREVIOUS: old }))).toBeDefined()
    expect(await readRefreshToken(token, config(rotated))).toBeUndefined()
  })

  it('does not come from JWT_SECRET_KEY, nor from the one before it, where LATCHKEY_SECRET is set', async () => {
    const own = config({ ...ENV, JWT_SECRET_KEY_PREVIOUS: 'the signing key before, 32 bytes or more' })
    expect(await readRefreshToken(await make(id, 3, { secret: env.JWT_SECRET_KEY }), own)).toBeUndefined()
    const previous = await make(id, 3, { secret: 'the signing key before, 32 bytes or more' })
    expect(await readRefreshToken(previous, own)).toBeUndefined()
  })
})

/** Base64url of 52 bytes ends in a character whose last two bits say nothing. */
function nextCharacter(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(character) ^ 1]!
}
