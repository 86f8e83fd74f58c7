import * as library from '@simplewebauthn/server/helpers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAuthenticatorData } from '../../../src/features/passkeys/authenticator-data.ts'
import { mapAt, mapOf } from '../../../src/features/passkeys/cbor.ts'
import { importPublicKey } from '../../../src/features/passkeys/public-key.ts'
import { bareNumbers, isSignedBy } from '../../../src/features/passkeys/signature.ts'
import { fromBase64url } from '../../../src/lib/bytes.ts'
import { derOf } from '../../../src/testing/passkey.ts'
import { type Cbor, cbor, joined } from '../../../src/testing/cbor.ts'
import { type Algorithm, MANY, Passkey, times } from '../../support.ts'

const ALGORITHMS: Algorithm[] = ['ES256', 'RS256', 'EdDSA']
const NUM_RUNS = { numRuns: times(20_000, 2_000) }

const orUndefined = <T>(read: () => T): T | undefined => {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** Every byte in turn, as so many other ones; each shorter start; and one byte more. */
function* mutations(bytes: Uint8Array, changes: number): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at++) {
    for (let change = 1; change <= changes; change++) {
      const mutated = Uint8Array.from(bytes)
      mutated[at] = mutated[at]! ^ (change < 8 ? 1 << change : change)
      yield mutated
    }
    yield Uint8Array.from(bytes.subarray(0, at))
  }
  yield joined(bytes, Uint8Array.of(0))
}

const made = async (algorithm: Algorithm) => {
  const passkey = await Passkey.make({ algorithm, counter: 7 })
  const { response } = await passkey.register({ challenge: 'x' })
  const attestation = fromBase64url(response.attestationObject)
  const authData = mapOf(attestation).get('authData') as Uint8Array<ArrayBuffer>
  return { passkey, attestation, authData, key: fromBase64url(await passkey.publicKey()) }
}

const keyOf = (...members: [number, Cbor][]) => cbor(new Map(members))
const bytes = (length: number, value = 0x99) => new Uint8Array(length).fill(value)

describe('CBOR', () => {
  it('is read from where it begins, whatever buffer it is in', () => {
    const inner = joined(bytes(3), keyOf([1, 'a']), bytes(2)).subarray(2)
    expect(mapAt(inner, 1)).toEqual({ map: new Map([[1, 'a']]), end: 5 })
  })

  it.each([
    ['a string that is cut off', [0xa1, 0x01, 0x43, 1, 2]],
    ['a string longer than any memory', [0xa1, 0x01, 0x5b, 0, 0x1f, 255, 255, 255, 255, 255, 255, 1]],
    ['a map of more members than follow', [0xa2, 0x01, 0x02]],
    ['a map of an endless length', [0xbf, 0x01, 0x02, 0xff]],
    ['a key that occurs twice', [0xa2, 0x01, 0x02, 0x01, 0x03]],
    ['a length in a longer form than needed', [0xb8, 1, 1, 2]],
    ['something behind the map', [0xa1, 0x01, 0x02, 0x00]],
    ['a list', [0x81, 0x01]],
    ['ten thousand lists in each other', [0xa1, 0x01, ...Array.from({ length: 10_000 }, () => 0x81)]],
    ['nothing', []],
  ])('that contains %s is refused', (_what, given) => {
    expect(() => mapOf(Uint8Array.from(given))).toThrow()
  })

  it('that is anything else is refused without harm', MANY, () => {
    const anything = fc
      .uint8Array({ maxLength: 80 })
      .map((list) => Uint8Array.from([0xa0 | (list.length % 6), ...list]))
    fc.assert(
      fc.property(anything, (given) => {
        const read = orUndefined(() => mapAt(given, 0))
        expect(read === undefined || (read.end > 0 && read.end <= given.length)).toBe(true)
      }),
      NUM_RUNS,
    )
  })
})

describe('authenticator data', () => {
  const start = (flags: number) => joined(bytes(32, 5), Uint8Array.of(flags, 0, 0, 1, 2))
  const extensions = cbor(new Map([['credProtect', 2]]))

  it('is read to the last byte, with and without a credential and extensions', async () => {
    const { authData, passkey, key } = await made('ES256')
    const flags = { up: true, uv: true, be: false, bs: false }
    const said = { rpIdHash: authData.slice(0, 32), counter: 7, flags }
    const credential = { aaguid: bytes(16, 0), id: fromBase64url(passkey.id), public_key: key }
    expect(parseAuthenticatorData(authData)).toEqual({ ...said, credential })
    const extended = joined(authData, extensions)
    extended[32]! |= 0x80
    expect(parseAuthenticatorData(extended)).toEqual({ ...said, credential })
    const bare = { rpIdHash: bytes(32, 5), counter: 258, flags: { up: false, uv: false, be: true, bs: true } }
    expect(parseAuthenticatorData(start(0x18))).toEqual(bare)
    expect(parseAuthenticatorData(joined(start(0x98), extensions))).toEqual(bare)
  })

  it.each([
    ['too short', start(1).slice(0, -1)],
    ['followed by something', joined(start(1), bytes(1))],
    ['without the extensions that it announces', start(0x81)],
    ['with extensions that it does not announce', joined(start(1), extensions)],
    ['with extensions that are no map', joined(start(0x81), cbor(2))],
    ['with extensions that are cut off', joined(start(0x81), extensions.slice(0, -1))],
    ['without the credential that it announces', start(0x41)],
    ['with an id that is longer than it', joined(start(0x41), bytes(16), Uint8Array.of(255, 255), bytes(20))],
    ['without a key', joined(start(0x41), bytes(16), Uint8Array.of(0, 20), bytes(20))],
    ['with a key that is cut off', joined(start(0x41), bytes(16), bytes(2, 0), keyOf([1, bytes(30)]).slice(0, -1))],
    ['empty', bytes(0)],
  ])('%s is refused', (_what, given) => {
    expect(() => parseAuthenticatorData(given)).toThrow()
  })
})

describe('a public key', () => {
  it.each(ALGORITHMS)('of a passkey is imported to verify and for nothing else (%s)', async (algorithm) => {
    const { key } = await made(algorithm)
    expect(await importPublicKey(key)).toMatchObject({ type: 'public', extractable: false, usages: ['verify'] })
  })

  /** A key with some members changed, or left out where they are undefined. */
  const bent = async (algorithm: Algorithm, changes: [number, Cbor | undefined][]) => {
    const { key } = await made(algorithm)
    const members = new Map(mapOf(key) as Map<number, Cbor>)
    for (const [label, value] of changes) {
      if (value === undefined) members.delete(label)
      else members.set(label, value)
    }
    return cbor(members)
  }

  const refused: [string, Algorithm, [number, Cbor | undefined][]][] = [
    ['without an algorithm', 'ES256', [[3, undefined]]],
    ['without a type', 'ES256', [[1, undefined]]],
    ['of another algorithm', 'ES256', [[3, -35]]],
    ['of the algorithm of another type', 'ES256', [[3, -257]]],
    ['of another type', 'ES256', [[1, 1]]],
    ['with its type as a text', 'EdDSA', [[1, 'OKP']]],
    ['on P-384', 'ES256', [[-1, 2]]],
    ['on no curve', 'ES256', [[-1, undefined]]],
    ['on secp256k1', 'ES256', [[-1, 8]]],
    ['on X25519', 'EdDSA', [[-1, 4]]],
    ['on Ed448', 'EdDSA', [[-1, 7]]],
    ['at a point that is on no curve', 'ES256', [[-3, bytes(32)]]],
    [
      'at infinity',
      'ES256',
      [
        [-2, bytes(32, 0)],
        [-3, bytes(32, 0)],
      ],
    ],
    ['with a short coordinate', 'ES256', [[-2, bytes(31)]]],
    ['with a padded coordinate', 'ES256', [[-2, bytes(33)]]],
    ['without its second coordinate', 'ES256', [[-3, undefined]]],
    ['with a number for a coordinate', 'ES256', [[-3, 1]]],
    ['that is short', 'EdDSA', [[-2, bytes(31)]]],
    ['that is long', 'EdDSA', [[-2, bytes(33)]]],
    ['that is missing', 'EdDSA', [[-2, undefined]]],
    ['of 1024 bits', 'RS256', [[-1, bytes(128)]]],
    ['of 2040 bits', 'RS256', [[-1, bytes(255)]]],
    ['of 2047 bits', 'RS256', [[-1, bytes(256, 0x7f)]]],
    ['with a padded modulus', 'RS256', [[-1, joined(bytes(1, 0), bytes(256))]]],
    ['of 4104 bits', 'RS256', [[-1, bytes(513)]]],
    ['without an exponent', 'RS256', [[-2, undefined]]],
    ['with the exponent 1', 'RS256', [[-2, Uint8Array.of(1)]]],
    ['with an even exponent', 'RS256', [[-2, Uint8Array.of(1, 0, 2)]]],
    ['with a padded exponent', 'RS256', [[-2, Uint8Array.of(0, 0, 3)]]],
    ['with a long exponent', 'RS256', [[-2, Uint8Array.of(1, 0, 0, 1)]]],
    ['with an empty exponent', 'RS256', [[-2, bytes(0)]]],
  ]
  it.each(refused)('%s is refused (%s)', async (_what, algorithm, changes) => {
    await expect(importPublicKey(await bent(algorithm, changes))).rejects.toThrow()
  })

  it('that is something else, or is followed by something, is refused', async () => {
    const { key } = await made('ES256')
    for (const given of [cbor('key'), cbor(key), joined(key, bytes(1)), key.slice(0, -1), bytes(0)]) {
      await expect(importPublicKey(given)).rejects.toThrow()
    }
  })
})

describe('an ECDSA signature', () => {
  const number = fc
    .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(32))
    .map(([list, zeros]) => list.map((byte, i) => (i < zeros ? 0 : byte)))
  const numbers = fc.tuple(number, number).map(([r, s]) => joined(r, s))

  it('is read from its canonical spelling', () => {
    fc.assert(
      fc.property(numbers, (bare) => {
        expect(bareNumbers(derOf(bare))).toEqual(bare)
      }),
      NUM_RUNS,
    )
  })

  it('is read from no other spelling', MANY, () => {
    const change = fc.tuple(fc.nat(80), fc.constantFrom('change', 'remove', 'insert'), fc.nat(255))
    const spelled = fc
      .tuple(numbers, fc.array(change, { minLength: 1, maxLength: 3 }))
      .map(([bare, changes]) => changes.reduce(bent, [...derOf(bare)]))
    fc.assert(
      fc.property(spelled, (der) => {
        const bare = orUndefined(() => bareNumbers(Uint8Array.from(der)))
        if (bare) expect([...derOf(bare)]).toEqual(der)
      }),
      NUM_RUNS,
    )
  })

  const bent = (der: number[], [at, how, byte]: [number, string, number]): number[] =>
    der.toSpliced(at % der.length, how === 'insert' ? 0 : 1, ...(how === 'remove' ? [] : [byte]))

  it.each([
    ['a number of 33 bytes', [0x30, 0x26, 2, 0x21, ...bytes(33, 1), 2, 1, 1]],
    ['a second number of 33 bytes', [0x30, 0x26, 2, 1, 1, 2, 0x21, ...bytes(33, 1)]],
    ['a third number', [0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]],
    ['an empty number', [0x30, 5, 2, 0, 2, 1, 1]],
    ['one number', [0x30, 3, 2, 1, 1]],
    ['a string', [0x30, 6, 4, 1, 1, 2, 1, 1]],
    ['a set', [0x31, 6, 2, 1, 1, 2, 1, 1]],
    ['an endless length', [0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0]],
  ])('with %s is refused', (_what, der) => {
    expect(() => bareNumbers(Uint8Array.from(der))).toThrow(TypeError)
  })
})

/* The common library reads the same things, so whatever is accepted here must be accepted there, and read alike. */

describe('@simplewebauthn/server', () => {
  const ours = async (attestation: Uint8Array) => {
    const { credential, ...said } = parseAuthenticatorData(mapOf(attestation).get('authData') as Uint8Array)
    await importPublicKey(credential!.public_key)
    return { ...said, ...credential }
  }
  const theirs = (attestation: Uint8Array<ArrayBuffer>) => {
    const data = library.parseAuthenticatorData(library.decodeAttestationObject(attestation).get('authData'))
    const { rpIdHash, counter, flags, aaguid, credentialID: id, credentialPublicKey: public_key } = data
    const { up, uv, be, bs } = flags
    return { rpIdHash, counter, flags: { up, uv, be, bs }, aaguid, id, public_key }
  }

  it.each(ALGORITHMS)('reads the same in a registration in which one byte is another (%s)', MANY, async (algorithm) => {
    const { attestation } = await made(algorithm)
    const accepted = []
    for (const given of mutations(attestation, times(60, 6))) {
      const read = await ours(given).catch(() => undefined)
      if (read) accepted.push([read, orUndefined(() => theirs(given))])
    }
    expect(accepted.length).toBeGreaterThan(400)
    for (const [a, b] of accepted) expect(a).toEqual(b)
  })

  it.each(ALGORITHMS)('verifies the same signatures (%s)', MANY, async (algorithm) => {
    const { passkey, key } = await made(algorithm)
    const { response } = await passkey.use({ challenge: 'x' })
    const hash = await crypto.subtle.digest('SHA-256', fromBase64url(response.clientDataJSON))
    const data = joined(fromBase64url(response.authenticatorData), new Uint8Array(hash))
    const right = { key, signature: fromBase64url(response.signature), data }
    const verdicts = async ({ key, signature, data }: typeof right) => {
      const here = async () => isSignedBy(await importPublicKey(key), { signature, data })
      const there = async () => library.verifySignature({ signature, data, credentialPublicKey: key })
      return [await here().catch(() => false), await there().catch(() => false)]
    }
    expect(await verdicts(right)).toEqual([true, true])
    for (const name of ['key', 'signature', 'data'] as const) {
      for (const given of mutations(right[name], times(20, 2))) {
        const [here, there] = await verdicts({ ...right, [name]: given })
        if (here === there) continue
        // The library lets a key end early, or something follow it, and reads other spellings of a signature.
        expect({ name, here }).toEqual({ name: expect.stringMatching(/^(?:key|signature)$/), here: false })
        expect(() => (name === 'key' ? mapOf(given) : bareNumbers(given))).toThrow()
      }
    }
  })
})
