import { describe, expect, it } from 'vitest'
import { credentialsIn } from '../../../src/features/oauth/credentials.ts'
import { parametersIn } from '../../../src/features/oauth/parameters.ts'
import { isChallenge, provesChallenge } from '../../../src/features/oauth/pkce.ts'
import { halfHash } from '../../../src/features/oauth/tokens.ts'

const NONE = parametersIn(new URLSearchParams())
const body = (fields: Record<string, string>) => parametersIn(new URLSearchParams(fields))
const basic = (pair: string) => `Basic ${btoa(pair)}`

describe('parameters', () => {
  it('are each there once, and empty ones are not there', () => {
    const given = parametersIn(new URLSearchParams('a=1&b=&c=1&c=2&d=1&d='))
    expect([given.get('a'), given.get('b'), given.get('c'), given.get('d'), given.get('e')]).toEqual([
      '1',
      undefined,
      undefined,
      '1',
      undefined,
    ])
    expect([...given.repeated]).toEqual(['c'])
  })
})

describe('client credentials', () => {
  it.each([
    ['raw, as most libraries send them', basic('abc:s3cret'), { id: 'abc', secret: 's3cret' }],
    ['form-encoded, as oauth4webapi sends them', basic('a%2Db:s%5Fc'), { id: 'a-b', secret: 's_c' }],
    ['with a plus for a space', basic('a+b:c'), { id: 'a b', secret: 'c' }],
    ['with a colon in the secret', basic('a:b:c'), { id: 'a', secret: 'b:c' }],
    ['with another case of the scheme', basic('a:b').replace('Basic', 'bAsIc'), { id: 'a', secret: 'b' }],
    ['with an empty secret, which is none', basic('a:'), { id: 'a', secret: undefined }],
  ])('are read from a Basic header: %s', (_how, header, expected) => {
    expect(credentialsIn(header, NONE)).toEqual(expected)
    expect(credentialsIn(header, body({ client_id: expected.id }))).toEqual(expected)
  })

  it.each([
    ['bad base64', 'Basic !!!!'],
    ['base64url', 'Basic _-8='],
    ['white space in it', 'Basic YTpi IA=='],
    ['a length that no base64 has', 'Basic YTpiY'],
    ['no colon', basic('abc')],
    ['no id', basic(':secret')],
    ['nothing', 'Basic'],
    ['nothing but the scheme', 'Basic '],
    ['another scheme', 'Bearer YTpi'],
    ['a half percent', basic('a%:b')],
    ['a percent of bad UTF-8', basic('a%ff:b')],
    ['bytes that are not UTF-8', basic('\xff\xfe:b')],
    ['an empty header', ''],
  ])('are refused with %s', (_what, header) => {
    expect(() => credentialsIn(header, NONE)).toThrow(expect.objectContaining({ error: 'invalid_client' }))
  })

  it('are read from the body', () => {
    expect(credentialsIn(undefined, body({ client_id: 'a', client_secret: 'b' }))).toEqual({ id: 'a', secret: 'b' })
    expect(credentialsIn(undefined, body({ client_id: 'a', client_secret: '' }))).toEqual({
      id: 'a',
      secret: undefined,
    })
    expect(() => credentialsIn(undefined, NONE)).toThrow(expect.objectContaining({ error: 'invalid_client' }))
  })

  it('are refused in two ways at once, or of two clients', () => {
    for (const given of [{ client_secret: 'b' }, { client_id: 'a', client_secret: 'b' }, { client_id: 'c' }])
      expect(() => credentialsIn(basic('a:b'), body(given))).toThrow(
        expect.objectContaining({ error: 'invalid_request' }),
      )
  })
})

describe('PKCE', () => {
  // RFC 7636, appendix B.
  const [verifier, challenge] = [
    'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  ]

  it('proves the challenge of the RFC', async () => {
    expect(isChallenge(challenge)).toBe(true)
    expect(await provesChallenge(verifier, challenge)).toBe(true)
    expect(await provesChallenge(undefined, undefined)).toBe(true)
  })

  it.each([
    ['no verifier', undefined],
    ['another verifier', verifier.replace('d', 'e')],
    ['the challenge itself', challenge],
    ['an empty one', ''],
    ['the one that Auth.js sends without its check', 'decoy'],
    ['42 characters', verifier.slice(1)],
    ['a space', ` ${verifier}`],
    ['a line break', `${verifier}\n`],
    ['129 characters', 'a'.repeat(129)],
  ])('refuses %s', async (_what, wrong) => expect(await provesChallenge(wrong, challenge)).toBe(false))

  it.each([43, 128])('takes a verifier of %i characters', async (length) => {
    const long = '~.-_'.repeat(32).slice(0, length)
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(long)))
    const own = btoa(String.fromCharCode(...hash))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '')
    expect(await provesChallenge(long, own)).toBe(true)
  })

  it('refuses a verifier where there was no challenge', async () => {
    expect(await provesChallenge(verifier, undefined)).toBe(false)
    expect(await provesChallenge('decoy', undefined)).toBe(false)
  })

  it.each([
    challenge.slice(1),
    `${challenge}A`,
    `${challenge}=`,
    challenge.replace('-', '+'),
    '',
    verifier.padEnd(128, 'a'),
  ])('takes no challenge like %j', (text) => expect(isChallenge(text)).toBe(false))
})

describe('at_hash', () => {
  // OpenID Connect Core, appendix A.3.
  it('is the left half of the hash', async () => {
    expect(await halfHash('jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y')).toBe('77QmUPtjPfzWtF2AnpK9RQ')
  })
})
