/** JSON Web Tokens as a provider, or somebody who pretends to be one, signs them. */
import { createHmac, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

export type Claims = Record<string, unknown>
/** `alg` decides how it is signed: `none` and `HS256` as forgers do it, with the public key as the secret. */
export type Header = { alg: string; kid?: string }

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part = ''): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())

export const headerOf = (token: string): Header => decode(token.split('.')[0]) as Header
export const claimsOf = (token: string): Claims => decode(token.split('.')[1]) as Claims

export function signJwt(header: Header, claims: Claims, key: KeyObject): string {
  const signed = `${encode({ typ: 'JWT', ...header })}.${encode(claims)}`
  return `${signed}.${signature(header.alg, Buffer.from(signed), key)}`
}

function signature(alg: string, signed: Buffer, key: KeyObject): string {
  if (alg === 'none') return ''
  const publicKey = () => createPublicKey(key).export({ type: 'spki', format: 'pem' })
  if (alg === 'HS256') return createHmac('sha256', publicKey()).update(signed).digest('base64url')
  return sign('sha256', signed, key).toString('base64url')
}

/** Whether this key signed it with ES256. */
export function isSignedWithEs256(token: string, publicKey: KeyObject): boolean {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
  return verify('sha256', Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))
}
