import { type CBORType, decodePartialCBOR } from '@levischuck/tiny-cbor'

/** A CBOR map, whose members nobody has looked at. */
export type CborMap = ReadonlyMap<unknown, CBORType>

/**
 * The map that begins at an index, and where it ends (RFC 8949 section 3). A key that occurs twice is an error.
 * @throws Error
 */
export function mapAt(bytes: Uint8Array, start: number): { map: CborMap; end: number } {
  const rest = bytes.slice(start) // tiny-cbor reads from the start of a buffer, whatever part of it it is given
  const [map, length] = decodePartialCBOR(rest, 0)
  // It also takes a byte string that is cut off.
  if (!(map instanceof Map) || length > rest.length) throw new TypeError('not a map')
  return { map, end: start + length }
}

/** The map that these bytes are, to the last one. @throws Error */
export function mapOf(bytes: Uint8Array): CborMap {
  const { map, end } = mapAt(bytes, 0)
  if (end !== bytes.length) throw new TypeError('something follows the map')
  return map
}
