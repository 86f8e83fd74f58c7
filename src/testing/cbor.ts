/** CBOR (RFC 8949), as far as authenticators write it: in the shortest form, keys in the order given. */

export type Cbor = number | string | Uint8Array | Map<number | string, Cbor>

export function cbor(value: Cbor): Uint8Array<ArrayBuffer> {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return joined(head(3, utf8Length(value)), new TextEncoder().encode(value))
  if (value instanceof Uint8Array) return joined(head(2, value.length), value)
  return joined(head(5, value.size), ...[...value].flatMap(([key, inner]) => [cbor(key), cbor(inner)]))
}

const utf8Length = (text: string): number => new TextEncoder().encode(text).length

function head(major: number, count: number): Uint8Array<ArrayBuffer> {
  const type = major << 5
  if (count < 24) return Uint8Array.of(type | count)
  if (count < 256) return Uint8Array.of(type | 24, count)
  return Uint8Array.of(type | 25, count >> 8, count & 255)
}

export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]))
}
