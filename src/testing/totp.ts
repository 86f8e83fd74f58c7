const STEP_SECONDS = 30
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The code that an authenticator app shows for a secret in base32 (RFC 6238, with the defaults of the apps).
 * @param at seconds since 1970
 */
export async function codeAt(secret: string, at = Date.now() / 1_000): Promise<string> {
  const step = new DataView(new ArrayBuffer(8))
  step.setBigUint64(0, BigInt(Math.floor(at / STEP_SECONDS)))
  const key = await crypto.subtle.importKey('raw', fromBase32(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign'])
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, step))
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf // RFC 4226 section 5.3
  return String((mac.getUint32(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}

function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const bits = Array.from(text.replace(/=+$/, '').toUpperCase(), (letter) =>
    BASE32.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Uint8Array.from(bits.join('').match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
}
