/** The one function of it that the Worker uses; its own types know nothing of Node. See core/hashes/scrypt.ts. */
declare module 'node:crypto' {
  type Options = { N: number; r: number; p: number; maxmem: number }
  export function scryptSync(password: Uint8Array, salt: Uint8Array, keylen: number, options: Options): Uint8Array
}
