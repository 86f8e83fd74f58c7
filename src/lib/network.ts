/**
 * True for the loopback address, which only the machine that runs the Worker can have. For a deployed Worker,
 * Cloudflare states every caller's address.
 */
export const isLoopback = (ip: string | null): boolean => ip !== null && (ip === '::1' || ip.startsWith('127.'))

/**
 * The network that one customer of a provider has: /24 for IPv4, /64 for IPv6, in canonical form. An IPv4-mapped
 * address counts as IPv4. Text that is not an address is a network of its own.
 */
export function network(ip: string | null): string {
  if (ip === null) return 'unknown'
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(ip)?.[1]
  if (v4 !== undefined) return `${v4}.0/24`
  const groups = groupsOf(ip)
  if (!groups) return ip
  const mapped = mappedIn(groups)
  return mapped ? `${mapped.slice(0, 3).join('.')}.0/24` : `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address, in canonical form. */
function groupsOf(ip: string): string[] | undefined {
  if (!/^[\da-f:.]+$/i.test(ip) || !ip.includes(':') || !URL.canParse(`http://[${ip}]/`)) return undefined
  const [head = '', tail] = new URL(`http://[${ip}]/`).hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  return [...left, ...Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0'), ...right]
}

/** The IPv4 address in an IPv4-mapped one (RFC 4291 section 2.5.5.2). */
function mappedIn(groups: string[]): number[] | undefined {
  if (groups.slice(0, 6).join(':') !== '0:0:0:0:0:ffff') return undefined
  return bytesIn(...groups.slice(6).map((group) => parseInt(group, 16)))
}

const bytesIn = (...groups: number[]): number[] => groups.flatMap((group) => [group >> 8, group & 255])

/**
 * Whether a text is a public Internet address: not loopback, private, link-local, shared, multicast or reserved (the
 * registries of RFC 6890), and not malformed. Documentation addresses count as public.
 */
export function isPublicAddress(ip: string): boolean {
  if (/^(?:(?:0|[1-9]\d{0,2})(?:\.|$)){4}$/.test(ip) && !ip.endsWith('.')) return isPublicV4(ip.split('.').map(Number))
  const groups = groupsOf(ip)
  if (!groups) return false
  const mapped = mappedIn(groups)
  if (mapped) return isPublicV4(mapped)
  const [first = 0, second = 0, third = 0] = groups.map((group) => parseInt(group, 16))
  if (first === 0x2002) return isPublicV4(bytesIn(second, third)) // 6to4 (RFC 3056) carries an IPv4 address
  if (first === 0x2001 && second < 0x200) return false // protocols, Teredo and benchmarks (RFC 2928): no people
  return first >> 13 === 1 // 2000::/3 is everything allocated so far
}

function isPublicV4(bytes: number[]): boolean {
  const [a = 0, b = 0, c = 0] = bytes
  if (bytes.some((byte) => byte > 255) || [0, 10, 127].includes(a) || a >= 224) return false
  const pair = a * 256 + b
  if ([169 * 256 + 254, 192 * 256 + 168].includes(pair) || (pair === 192 * 256 && c === 0)) return false
  return !(a === 172 && b >> 4 === 1) && !(a === 100 && b >> 6 === 1) && !(a === 198 && b >> 1 === 9)
}
