import { base64url, fromBase64url, utf8 } from './bytes.ts'

const IV_BYTES = 12

/**
 * Encrypts with AES-256-GCM, with a random nonce in front (NIST SP 800-38D section 8.2.2), bound to `context`. Returns
 * base64url.
 */
export async function seal(text: string, key: CryptoKey, context: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(context) }, key, utf8(text))
  return base64url(new Uint8Array([...iv, ...new Uint8Array(sealed)]))
}

/** The text that was sealed with one of these keys for this context, otherwise undefined. */
export async function unseal(text: string, keys: readonly CryptoKey[], context: string): Promise<string | undefined> {
  const bytes = fromBase64url(text)
  const algorithm = { name: 'AES-GCM', iv: bytes.slice(0, IV_BYTES), additionalData: utf8(context) }
  for (const key of keys) {
    const opened = await crypto.subtle.decrypt(algorithm, key, bytes.slice(IV_BYTES)).catch(() => undefined)
    if (opened) return new TextDecoder().decode(opened)
  }
  return undefined
}
