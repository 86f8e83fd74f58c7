/** Nobody comes from here but who runs the Worker on this machine; deployed, Cloudflare names every caller. */
export const isLoopback = (ip: string | null): boolean => ip === null || ip === '::1' || ip.startsWith('127.')

/**
 * The network of an address, as one customer of a provider has it: /24 of IPv4, /64 of IPv6 in canonical form. An
 * IPv4-mapped address is the IPv4 address. What is no address is a network of its own.
 */
export function network(ip: string | null): string {
  if (ip === null) return 'unknown'
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(ip)?.[1]
  if (v4 !== undefined) return `${v4}.0/24`
  if (!ip.includes(':') || !URL.canParse(`http://[${ip}]/`)) return ip
  const canonical = new URL(`http://[${ip}]/`).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(canonical)
  if (mapped) {
    const [high, low] = [parseInt(mapped[1]!, 16), parseInt(mapped[2]!, 16)]
    return `${high >> 8}.${high & 255}.${low >> 8}.0/24`
  }
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [
    ...left,
    ...Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0'),
    ...right,
  ]
  return `${groups.slice(0, 4).join(':')}::/64`
}
