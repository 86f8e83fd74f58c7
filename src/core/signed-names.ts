import { base64url, fromBase64url, utf8 } from '../lib/bytes.ts'
import { crc32 } from '../lib/crc32.ts'

/**
 * Tokens that are a name and an HMAC of it: the same name always gives the same token, so nothing secret is stored.
 * Recognisable by secret scanners: a prefix of its own, and a checksum at the end that is looked at first.
 */
type Form = {
  prefix: 'lkr_' | 'lkd_'
  /** Length of the name in bytes. */
  bytes: number
  /** What the HMAC covers beside the name: the token is good there only. */
  context?: string
}

const MAC_BYTES = 32
const CHECKSUM_LENGTH = 6

export async function signName({ prefix, context = '' }: Form, name: Uint8Array, key: CryptoKey): Promise<string> {
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, covered(name, context)))
  const body = prefix + base64url(new Uint8Array([...name, ...mac]))
  return body + checksum(body)
}

/** The name in a token that one of the keys made; undefined for everything else. */
export async function readName(form: Form, token: string, keys: readonly CryptoKey[]): Promise<Uint8Array | undefined> {
  const { prefix, bytes, context = '' } = form
  const body = token.slice(0, -CHECKSUM_LENGTH)
  const length = prefix.length + Math.ceil(((bytes + MAC_BYTES) * 4) / 3)
  if (body.length !== length || !/^lk[a-z]_[\w-]+$/.test(body) || token.slice(-CHECKSUM_LENGTH) !== checksum(body)) {
    return undefined
  }
  const content = fromBase64url(body.slice(prefix.length))
  if (prefix + base64url(content) !== body) return undefined // another kind, or unused bits were set
  const [name, mac] = [content.slice(0, bytes), content.slice(bytes)]
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
