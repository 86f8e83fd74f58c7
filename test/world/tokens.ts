import { env } from 'cloudflare:workers'
import { fromBase64url } from '../../src/lib/bytes.ts'
import { signed } from '../../src/testing/tokens.ts'

export type Claims = Record<string, unknown>

export function claimsOf(token: string): Claims {
  const [, payload = ''] = token.split('.')
  return JSON.parse(new TextDecoder().decode(fromBase64url(payload))) as Claims
}

type Forgery = { header?: unknown; payload: unknown; secret?: string; hash?: string }

/** Signs anything: header and payload may be an object or raw text. Written without hono/jwt, which is under test. */
export const forge = ({ header, payload, secret = env.JWT_SECRET_KEY, hash }: Forgery): Promise<string> =>
  signed(header ?? { alg: 'HS256', typ: 'JWT' }, payload, secret, hash)
