import { describe, expect, it } from 'vitest'
import { network } from '../../src/lib/network.ts'

describe('network', () => {
  it.each([
    ['192.0.2.1', '192.0.2.0/24'],
    ['192.0.2.255', '192.0.2.0/24'],
    ['192.0.3.1', '192.0.3.0/24'],
    ['::ffff:192.0.2.7', '192.0.2.0/24'],
    ['::FFFF:192.0.2.7', '192.0.2.0/24'],
    ['::ffff:c000:207', '192.0.2.0/24'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:0000:0000:0000:0001', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['no address', 'no address'],
    ['not:an:address', 'not:an:address'],
    ['', ''],
  ])('of %s is %s', (ip, expected) => {
    expect(network(ip)).toBe(expected)
  })

  it('is one for a thousand addresses of one customer, and another for the next', () => {
    const names = new Set(
      Array.from({ length: 1_000 }, (_, i) => network(`2001:db8:0:7:${(i * 65).toString(16)}::${i}`)),
    )
    expect(names).toEqual(new Set(['2001:db8:0:7::/64']))
    expect(network('2001:db8:0:8::1')).not.toBe('2001:db8:0:7::/64')
  })

  it('is one for all whose address nobody knows', () => {
    expect(network(null)).toBe('unknown')
  })
})
