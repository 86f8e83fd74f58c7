const encoder = new TextEncoder()

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text) as Uint8Array<ArrayBuffer>

/** RFC 4648 section 4. */
export const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))

/** @throws DOMException when the text is not base64 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i) // `from` with a callback takes 8 times as long
  return bytes
}

/** RFC 4648 section 5, without padding. */
export const base64url = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

const toBase64 = (base64url: string): string => base64url.replaceAll('-', '+').replaceAll('_', '/')

/** @throws DOMException when the text is not base64url */
export const fromBase64url = (text: string): Uint8Array<ArrayBuffer> => fromBase64(toBase64(text))

/** The same as a string of one character for each byte, which costs less. @throws DOMException as `fromBase64url` */
export const binaryOf = (base64url: string): string => atob(toBase64(base64url))

/** `bits` of randomness from the platform's CSPRNG, as base64url. */
export const randomId = (bits = 128): string => base64url(crypto.getRandomValues(new Uint8Array(bits / 8)))
