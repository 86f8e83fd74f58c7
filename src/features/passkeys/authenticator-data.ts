import { mapAt } from './cbor.ts'

/** What an authenticator says. Nothing of it is verified yet. */
export type AuthenticatorData = {
  rpIdHash: Uint8Array
  counter: number
  flags: { up: boolean; uv: boolean; be: boolean; bs: boolean }
  credential?: { aaguid: Uint8Array; id: Uint8Array; public_key: Uint8Array }
}

/** Bits of the flags: a person was present, was verified, the key can be and is backed up, and which parts follow. */
const [UP, UV, BE, BS, AT, ED] = [0, 2, 3, 4, 6, 7]

/** Where the parts begin, in bytes. */
const [FLAGS, COUNTER, ATTESTED] = [32, 33, 37]

/**
 * Reads authenticator data (WebAuthn Level 3 section 6.1) to its last byte. Extensions are passed over.
 * @throws Error if it is cut off, or if something follows
 */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const flags = view.getUint8(FLAGS)
  const has = (bit: number): boolean => (flags & (1 << bit)) !== 0
  let end = ATTESTED
  let credential
  if (has(AT)) ({ credential, end } = attestedAt(bytes, view))
  if (has(ED)) ({ end } = mapAt(bytes, end))
  if (end !== bytes.length) throw new TypeError('something is missing or follows')
  return {
    rpIdHash: bytes.slice(0, FLAGS),
    counter: view.getUint32(COUNTER),
    flags: { up: has(UP), uv: has(UV), be: has(BE), bs: has(BS) },
    ...(credential && { credential }),
  }
}

/** Attested credential data (section 6.5.1): 16 bytes of the AAGUID, 2 bytes of the length of the id, the id, and the key. */
function attestedAt(bytes: Uint8Array, view: DataView) {
  const start = ATTESTED + 18
  const keyAt = start + view.getUint16(start - 2)
  const { end } = mapAt(bytes, keyAt)
  const [aaguid, id, public_key] = [
    bytes.slice(ATTESTED, start - 2),
    bytes.slice(start, keyAt),
    bytes.slice(keyAt, end),
  ]
  return { credential: { aaguid, id, public_key }, end }
}
