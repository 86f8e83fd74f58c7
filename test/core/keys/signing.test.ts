import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { config, type Config } from '../../../src/config.ts'
import {
  areKeysWhole,
  issuerOf,
  publicKeys,
  signingAlgs,
  signJwt,
  TOKEN_MAX_LENGTH,
  type Typ,
  verifyJwt,
} from '../../../src/core/keys/signing.ts'
import { base64url, fromBase64url } from '../../../src/lib/bytes.ts'
import { Problem } from '../../../src/problem.ts'
import type { SigningJwk } from '../../../src/setting-types.ts'
import { EC, forge, freshKey, RSA, signedWith } from '../../support.ts'

const settings = config(env)

const withKeys = (keys: readonly SigningJwk[]): Config => config({ ...env, SIGNING_KEYS: JSON.stringify(keys) })

const KINDS = [
  ['ES256', 'at+jwt'],
  ['ES256', 'JWT'],
  ['ES256', 'logout+jwt'],
  ['RS256', 'JWT'],
  ['RS256', 'logout+jwt'],
] as const

const TYPS: Typ[] = ['at+jwt', 'JWT', 'logout+jwt']

const headerOf = (token: string) => JSON.parse(new TextDecoder().decode(fromBase64url(token.split('.')[0]!))) as unknown

describe('tokens under published keys', () => {
  it.each(KINDS)('are verified as what they are, and as nothing else: %s, %s', async (alg, typ) => {
    const token = await signJwt(settings, { alg, typ }, { sub: '1', iss: 'https://other.example' })
    const kid = (alg === 'ES256' ? EC : RSA).kid
    expect(headerOf(token)).toEqual({ alg, typ, kid })
    for (const asked of TYPS) {
      const expected = asked === typ ? { sub: '1', iss: 'https://login.example' } : undefined
      expect(await verifyJwt(settings, token, { typ: asked }), asked).toEqual(expected)
    }
  })

  it('has no access tokens under RS256', async () => {
    await expect(signJwt(settings, { alg: 'RS256', typ: 'at+jwt' }, {})).rejects.toThrow(Problem)
    const token = await signedWith(RSA, { alg: 'RS256', typ: 'at+jwt', kid: RSA.kid }, { iss: issuerOf(settings) })
    expect(await verifyJwt(settings, token, { typ: 'at+jwt' })).toBeUndefined()
  })

  it('takes the header that it writes, to the letter, and no other', async () => {
    const { kid } = EC
    const payload = { sub: '1', iss: issuerOf(settings) }
    const good = await signedWith(EC, { alg: 'ES256', typ: 'at+jwt', kid }, payload)
    expect(await verifyJwt(settings, good, { typ: 'at+jwt' })).toEqual(payload)
    for (const header of [
      { alg: 'ES256', typ: 'at+jwt' },
      { alg: 'ES256', typ: 'at+jwt', kid: RSA.kid },
      { alg: 'ES256', typ: 'at+jwt', kid: '../../etc/passwd' },
      { alg: 'ES256', typ: 'at+jwt', kid: 1 },
      { alg: 'ES256', typ: 'application/at+jwt', kid },
      { alg: 'ES256', typ: 'AT+JWT', kid },
      { alg: 'ES256', kid },
      { alg: 'RS256', typ: 'at+jwt', kid },
      { alg: 'HS256', typ: 'at+jwt', kid },
      { alg: 'none', typ: 'at+jwt', kid },
      { alg: 'ES256', typ: 'at+jwt', kid, crit: [] },
      { alg: 'ES256', typ: 'at+jwt', kid, b64: false },
      { alg: 'ES256', typ: 'at+jwt', kid, jku: 'http://127.0.0.1/keys' },
      { alg: 'ES256', typ: 'at+jwt', kid, jwk: publicKeys(settings)[0] },
      `{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"${kid}"}`,
      `{"alg": "ES256", "typ": "at+jwt", "kid": "${kid}"}`,
      [],
      'null',
      '',
    ]) {
      expect(await verifyJwt(settings, await signedWith(EC, header, payload), { typ: 'at+jwt' })).toBeUndefined()
    }
  })

  it('takes no HMAC under a public key, and no signature that is not one', async () => {
    const payload = { sub: '1', iss: issuerOf(settings) }
    for (const jwk of [EC, RSA]) {
      const typ = jwk.alg === 'ES256' ? 'at+jwt' : 'JWT'
      const secrets = publicKeys(settings).flatMap((key) => [key.x, key.n, JSON.stringify(key)])
      const header = { alg: jwk.alg, typ, kid: jwk.kid }
      for (const secret of secrets.filter((text) => text !== undefined)) {
        expect(await verifyJwt(settings, await forge({ header, payload, secret }), { typ })).toBeUndefined()
      }
      const text = (await signedWith(jwk, header, payload)).split('.').slice(0, 2).join('.')
      const zeros = base64url(new Uint8Array(jwk.alg === 'ES256' ? 64 : 256)) // CVE-2022-21449
      const other = (await signedWith(jwk, header, { ...payload, sub: '2' })).split('.')[2]!
      for (const signature of ['', 'AA', zeros, other, other.slice(0, -4)]) {
        expect(await verifyJwt(settings, `${text}.${signature}`, { typ })).toBeUndefined()
      }
    }
  })

  it('takes one spelling of a token, and a payload that has one reading and our issuer', async () => {
    const header = { alg: 'ES256', typ: 'JWT', kid: EC.kid }
    const token = await signedWith(EC, header, { iss: issuerOf(settings) })
    for (const other of [`${token}=`, ` ${token}`, `${token}\n`, `${token}.`, token.split('.').slice(0, 2).join('.')]) {
      expect(await verifyJwt(settings, other, { typ: 'JWT' })).toBeUndefined()
    }
    const iss = issuerOf(settings)
    const payloads = [
      { iss: `${iss}/` },
      { iss: 'latchkey' },
      { iss: [iss] },
      {},
      [],
      'null',
      '1',
      '',
      '{',
      `{"iss":"${iss}","sub":"1","sub":"2"}`,
      { iss, more: 'x'.repeat(TOKEN_MAX_LENGTH) },
    ]
    for (const payload of payloads) {
      expect(await verifyJwt(settings, await signedWith(EC, header, payload), { typ: 'JWT' })).toBeUndefined()
    }
  })

  it('needs the setting, and an address to say', async () => {
    const without = config({ ...env, SIGNING_KEYS: '' })
    const nameless = config({ ...env, PUBLIC_URL: '' })
    const kind = { alg: 'ES256', typ: 'JWT' } as const
    const token = await signJwt(settings, kind, {})
    for (const [some, field] of [
      [without, 'SIGNING_KEYS'],
      [nameless, 'PUBLIC_URL'],
    ] as const) {
      const errors = [{ field, code: 'missing' }]
      await expect(signJwt(some, kind, {})).rejects.toMatchObject({ code: 'not_ready', errors })
      expect(await verifyJwt(some, token, kind)).toBeUndefined()
    }
    expect([publicKeys(without), signingAlgs(without), await areKeysWhole(without)]).toEqual([[], [], true])
  })

  it('shows nothing private', () => {
    const names = publicKeys(settings).map((key) => Object.keys(key).sort().join())
    expect(names).toEqual(['alg,crv,kid,kty,use,x,y', 'alg,e,kid,kty,n,use'])
  })

  it('finds a key whose halves do not belong together', async () => {
    expect(await areKeysWhole(settings)).toBe(true)
    const { x, y } = (await freshKey('ES256', 'other')) as JsonWebKey
    expect(await areKeysWhole(withKeys([{ ...EC, x, y } as SigningJwk, RSA]))).toBe(false)
    const { n } = (await freshKey('RS256', 'other')) as JsonWebKey
    expect(await areKeysWhole(withKeys([EC, { ...RSA, n } as SigningJwk]))).toBe(false)
  })
})
