import { base64url, fromBase64url, utf8 } from '../../lib/bytes.ts'
import { crc32 } from '../../lib/crc32.ts'

/**
 * Tokens made of a name and its HMAC. The same name always gives the same token, so no secret is stored. Secret
 * scanners can recognize them by their prefix and by the checksum at the end, which is checked first.
 */
type Form = {
  prefix: 'lkr_' | 'lks_' | 'lkd_' | 'lkt_'
  /** Length of the name in bytes, if all names of this form have the same length. */
  bytes?: number
  /** What the HMAC covers besides the name. The token is valid only in this context. */
  context?: string
}

const MAC_BYTES = 32
const CHECKSUM_LENGTH = 6

export async function signName({ prefix, context = '' }: Form, name: Uint8Array, key: CryptoKey): Promise<string> {
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, covered(name, context)))
  const body = prefix + base64url(new Uint8Array([...name, ...mac]))
  return body + checksum(body)
}

/** The name in a token that one of the keys signed, otherwise undefined. */
export async function readName(form: Form, token: string, keys: readonly CryptoKey[]): Promise<Uint8Array | undefined> {
  const { prefix, bytes, context = '' } = form
  const body = token.slice(0, -CHECKSUM_LENGTH)
  if (!/^lk[a-z]_[\w-]+$/.test(body) || token.slice(-CHECKSUM_LENGTH) !== checksum(body)) return undefined
  const length = bytes === undefined ? body.length : prefix.length + Math.ceil(((bytes + MAC_BYTES) * 4) / 3)
  const encoded = body.slice(prefix.length)
  if (body.length !== length || encoded.length % 4 === 1) return undefined
  const content = fromBase64url(encoded)
  if (prefix + base64url(content) !== body) return undefined // another kind of token, or unused bits are set
  const [name, mac] = [content.slice(0, -MAC_BYTES), content.slice(-MAC_BYTES)]
  for (const key of keys) if (await crypto.subtle.verify('HMAC', key, mac, covered(name, context))) return name
  return undefined
}

const covered = (name: Uint8Array, context: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array([...name, ...utf8(context)])

function checksum(body: string): string {
  const sum = new DataView(new ArrayBuffer(4))
  sum.setUint32(0, crc32(utf8(body)))
  return base64url(new Uint8Array(sum.buffer))
}
