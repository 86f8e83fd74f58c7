/** The two functions of it that the Worker uses; its own types know nothing of Node. See core/hashes. */
declare module 'node:crypto' {
  type Options = { N: number; r: number; p: number; maxmem: number }
  export function scryptSync(password: Uint8Array, salt: Uint8Array, keylen: number, options: Options): Uint8Array

  type Hmac = { update(data: Uint8Array): Hmac; digest(): Uint8Array }
  export function createHmac(digest: string, key: Uint8Array): Hmac
}
