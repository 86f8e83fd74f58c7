/** An authenticator in software: it makes and uses passkeys as a browser hands them over, and can be told to lie. */
import { base64url, fromBase64url, utf8 } from '../lib/bytes.ts'
import { type Cbor, cbor, joined } from './cbor.ts'

/** The `PUBLIC_URL` of Latchkey's own tests. */
const ORIGIN = 'https://login.example'

const FLAGS = { up: 0x01, uv: 0x04, be: 0x08, bs: 0x10, at: 0x40 }

export type Algorithm = 'ES256' | 'RS256' | 'EdDSA'

const KEYS = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
  EdDSA: { name: 'Ed25519' },
} as const

/** What a ceremony says instead of the truth. */
export type Lies = {
  type?: string
  origin?: string
  host?: string
  challenge?: string
  clientData?: Record<string, unknown>
  counter?: number
  up?: boolean
  uv?: boolean
  be?: boolean
  bs?: boolean
  userHandle?: string
  id?: string
  fmt?: string
  alg?: number
  aaguid?: Uint8Array
}

/** What the service asks for, as it comes in `publicKey`. */
type Options = { challenge: string; user?: { id: string } }

/** What `POST /user/passkeys` takes. */
export type Registration = {
  id: string
  rawId: string
  type: string
  response: { clientDataJSON: string; attestationObject: string; transports: string[] }
}

/** What `POST /user/login/passkey` takes. */
export type Assertion = {
  id: string
  rawId: string
  type: string
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle: string }
}

type Making = {
  /** The origin of the service for browsers: its `PUBLIC_URL`. */
  origin?: string
  algorithm?: Algorithm
  counter?: number
}

/** One passkey. `counter`: 0 for ever, as synced ones count, or the next number. */
export class Passkey {
  readonly id: string
  readonly origin: string
  readonly algorithm: Algorithm
  counter: number
  userHandle = ''
  backup = { be: false, bs: false }
  #keys: CryptoKeyPair

  private constructor(keys: CryptoKeyPair, { origin, algorithm, counter }: Required<Making>) {
    this.id = base64url(crypto.getRandomValues(new Uint8Array(32)))
    this.origin = origin
    this.algorithm = algorithm
    this.#keys = keys
    this.counter = counter
  }

  static async make({ origin = ORIGIN, algorithm = 'ES256', counter = 0 }: Making = {}): Promise<Passkey> {
    const keys = (await crypto.subtle.generateKey(KEYS[algorithm], true, ['sign', 'verify'])) as CryptoKeyPair
    return new Passkey(keys, { origin, algorithm, counter })
  }

  /** Its public key as the service stores it. */
  async publicKey(): Promise<string> {
    return base64url(cbor(await this.#coseKey()))
  }

  /** Registers it: the answer to the options of a registration. */
  async register({ challenge, user }: Options, lies: Lies = {}): Promise<Registration> {
    this.userHandle = user?.id ?? ''
    const rawId = fromBase64url(this.id)
    const aaguid = lies.aaguid ?? new Uint8Array(16)
    const length = Uint8Array.of(rawId.length >> 8, rawId.length & 255)
    const key = cbor(await this.#coseKey(lies.alg))
    const authData = await this.#authData({ ...lies, at: true }, joined(aaguid, length, rawId, key))
    const statement = new Map<string, Cbor>([
      ['fmt', lies.fmt ?? 'none'],
      ['attStmt', new Map()],
      ['authData', authData],
    ])
    const clientDataJSON = this.#clientData('webauthn.create', challenge, lies)
    const id = lies.id ?? this.id
    const response = { clientDataJSON, attestationObject: base64url(cbor(statement)), transports: ['internal'] }
    return { id, rawId: id, type: 'public-key', response }
  }

  /** Uses it: the answer to the options of a sign-in. */
  async use({ challenge }: Options, lies: Lies = {}): Promise<Assertion> {
    const clientDataJSON = this.#clientData('webauthn.get', challenge, lies)
    const authData = await this.#authData(lies)
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', fromBase64url(clientDataJSON)))
    const signature = await this.#sign(joined(authData, hash))
    const id = lies.id ?? this.id
    const userHandle = lies.userHandle ?? this.userHandle
    const response = {
      clientDataJSON,
      authenticatorData: base64url(authData),
      signature: base64url(signature),
      userHandle,
    }
    return { id, rawId: id, type: 'public-key', response }
  }

  #clientData(type: string, challenge: string, lies: Lies): string {
    const said = {
      type: lies.type ?? type,
      challenge: lies.challenge ?? challenge,
      origin: lies.origin ?? this.origin,
      crossOrigin: false,
    }
    return base64url(utf8(JSON.stringify({ ...said, ...lies.clientData })))
  }

  async #authData(
    {
      host = new URL(this.origin).hostname,
      counter,
      up = true,
      uv = true,
      at = false,
      ...lies
    }: Lies & { at?: boolean },
    more = new Uint8Array(),
  ) {
    const { be, bs } = {
      ...this.backup,
      ...(lies.be !== undefined && { be: lies.be }),
      ...(lies.bs !== undefined && { bs: lies.bs }),
    }
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(host)))
    const set = { up, uv, be, bs, at }
    const flags = (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).reduce(
      (sum, name) => sum | (set[name] ? FLAGS[name] : 0),
      0,
    )
    const count = counter ?? (this.counter > 0 ? this.counter++ : 0)
    const counted = new Uint8Array(4)
    new DataView(counted.buffer).setUint32(0, count)
    return joined(hash, Uint8Array.of(flags), counted, more)
  }

  async #sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const { privateKey } = this.#keys
    const parameters = this.algorithm === 'ES256' ? { name: 'ECDSA', hash: 'SHA-256' } : KEYS[this.algorithm].name
    const signature = new Uint8Array(await crypto.subtle.sign(parameters, privateKey, bytes))
    return this.algorithm === 'ES256' ? derOf(signature) : signature
  }

  async #coseKey(alg?: number): Promise<Cbor> {
    const jwk = (await crypto.subtle.exportKey('jwk', this.#keys.publicKey)) as JsonWebKey
    const part = (text: string | undefined) => fromBase64url(text!)
    const [kty, own, members] = {
      ES256: [
        2,
        -7,
        [
          [-1, 1],
          [-2, part(jwk.x ?? '')],
          [-3, part(jwk.y ?? '')],
        ],
      ],
      RS256: [
        3,
        -257,
        [
          [-1, part(jwk.n ?? '')],
          [-2, part(jwk.e ?? '')],
        ],
      ],
      EdDSA: [
        1,
        -8,
        [
          [-1, 6],
          [-2, part(jwk.x ?? '')],
        ],
      ],
    }[this.algorithm] as [number, number, [number, Cbor][]]
    return new Map<number, Cbor>([[1, kty], [3, alg ?? own], ...members])
  }
}

/** ECDSA-Sig-Value (RFC 3279 section 2.2.3), which authenticators send in place of the two bare numbers. */
export function derOf(signature: Uint8Array): Uint8Array {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const start = bytes.findIndex((byte) => byte !== 0)
    const short = bytes.subarray(start)
    const positive = short[0]! >= 0x80 ? joined(Uint8Array.of(0), short) : short
    return joined(Uint8Array.of(0x02, positive.length), positive)
  })
  const content = joined(...integers)
  return joined(Uint8Array.of(0x30, content.length), content)
}
