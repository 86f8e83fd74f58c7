/**
 * Replaces the ASN.1 packages of @simplewebauthn/server (see wrangler.toml). Of what they do, this service needs one thing: the
 * two numbers of an ECDSA signature. The rest is for the statements of manufacturers, which are not read.
 */
const ECDSASigValue = Symbol('ECDSASigValue')

/** One INTEGER of DER in its only spelling (X.690 sections 8.3 and 10.1), and where it ends. */
function integerAt(bytes, start) {
  const [tag, length] = [bytes[start], bytes[start + 1]]
  const end = start + 2 + length
  const content = bytes.slice(start + 2, end)
  const isPadded = content[0] === 0 && content[1] < 0x80
  if (tag !== 0x02 || !(length > 0) || length >= 0x80 || content.length !== length || content[0] >= 0x80 || isPadded) {
    throw new TypeError('not a positive integer')
  }
  return { content, end }
}

const AsnParser = {
  /** ECDSA-Sig-Value (RFC 3279 section 2.2.3): `r` and `s`. @throws TypeError */
  parse(bytes, type) {
    if (type !== ECDSASigValue) throw new TypeError('not a signature')
    const r = integerAt(bytes, 2)
    const s = integerAt(bytes, r.end)
    // At most 72 bytes on P-256, so the length is one byte.
    if (bytes[0] !== 0x30 || bytes[1] !== bytes.length - 2 || bytes[1] >= 0x80 || s.end !== bytes.length) {
      throw new TypeError('not a signature')
    }
    return { r: r.content, s: s.content }
  },
}

module.exports = { AsnParser, ECDSASigValue }
