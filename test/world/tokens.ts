import { env } from 'cloudflare:workers'
import { base64url, fromBase64url, utf8 } from '../../src/lib/bytes.ts'

export type Claims = Record<string, unknown>

export function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.')
  return JSON.parse(new TextDecoder().decode(fromBase64url(payload))) as Claims
}

type Forgery = { header?: unknown; payload: unknown; secret?: string; hash?: string }

/** Signs anything: header and payload may be an object or raw text. Written without hono/jwt, which is under test. */
export async function forge({
  header,
  payload,
  secret = env.JWT_SECRET_KEY,
  hash = 'SHA-256',
}: Forgery): Promise<string> {
  const part = (value: unknown) => base64url(utf8(typeof value === 'string' ? value : JSON.stringify(value)))
  const text = `${part(header ?? { alg: 'HS256', typ: 'JWT' })}.${part(payload)}`
  const key = await crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash }, false, ['sign'])
  return `${text}.${base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))))}`
}
