type Signed = { signature: Uint8Array<ArrayBuffer>; data: Uint8Array<ArrayBuffer> }

/** Whether the holder of a key signed the data (WebAuthn Level 3 section 6.5.5). @throws TypeError if that cannot be read */
export async function isSignedBy(key: CryptoKey, { signature, data }: Signed): Promise<boolean> {
  const { name } = key.algorithm
  const bytes = name === 'ECDSA' ? bareNumbers(signature) : signature
  return crypto.subtle.verify({ name, hash: 'SHA-256' }, key, bytes, data)
}

/** Bytes of each number of a signature on P-256. */
const SIZE = 32

/**
 * The two numbers of an ECDSA signature side by side, as WebCrypto takes them. Authenticators write them in DER
 * (ECDSA-Sig-Value, RFC 3279 section 2.2.3), of which only the canonical spelling is accepted.
 * @throws TypeError
 */
export function bareNumbers(der: Uint8Array): Uint8Array<ArrayBuffer> {
  const r = integerAt(der, 2)
  const s = integerAt(der, r.end)
  // At most 72 bytes, so the length is one byte.
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || s.end !== der.length) throw new TypeError('not a signature')
  const bare = new Uint8Array(2 * SIZE)
  bare.set(r.number, SIZE - r.number.length)
  bare.set(s.number, 2 * SIZE - s.number.length)
  return bare
}

/** An INTEGER in its only spelling (X.690 sections 8.3 and 10.1): positive, and with a leading zero only if it needs one. */
function integerAt(der: Uint8Array, start: number): { number: Uint8Array; end: number } {
  const [tag, length = 0] = der.subarray(start)
  const end = start + 2 + length
  const content = der.subarray(start + 2, end)
  const [first = 0x80, second = 0x80] = content
  const number = first === 0 ? content.subarray(1) : content
  const isCanonical = first < 0x80 && (first > 0 || second >= 0x80)
  if (tag !== 0x02 || content.length !== length || !isCanonical || number.length > SIZE) {
    throw new TypeError('not a positive integer')
  }
  return { number, end }
}
