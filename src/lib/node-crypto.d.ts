/** The functions that the Worker uses, without Node's own types. See core/passwords/hashes. */
declare module 'node:crypto' {
  type Options = { N: number; r: number; p: number; maxmem: number }
  export function scryptSync(password: Uint8Array, salt: Uint8Array, keylen: number, options: Options): Uint8Array

  type Hash = { update(data: Uint8Array): Hash; digest(): Uint8Array }
  export function createHash(digest: string): Hash

  type Hmac = { update(data: Uint8Array): Hmac; digest(): Uint8Array }
  export function createHmac(digest: string, key: Uint8Array): Hmac
}
