import { describe, expect, it } from 'vitest'
import { deviceName, moment, placeName } from '../../src/lib/device-name.ts'

const MOZILLA = 'Mozilla/5.0 '
const APPLE = 'AppleWebKit/537.36 (KHTML, like Gecko) '

describe('deviceName', () => {
  it.each([
    [`${MOZILLA}(Windows NT 10.0; Win64; x64) ${APPLE}Chrome/142.0.0.0 Safari/537.36`, 'Chrome · Windows'],
    [`${MOZILLA}(Windows NT 10.0; Win64; x64) ${APPLE}Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`, 'Edge · Windows'],
    [`${MOZILLA}(Windows NT 10.0; Win64; x64) ${APPLE}Chrome/138.0.0.0 Whale/4.33.0 Safari/537.36`, 'Whale · Windows'],
    [`${MOZILLA}(X11; Linux x86_64) ${APPLE}Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0`, 'Opera · Linux'],
    [`${MOZILLA}(X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0`, 'Firefox · Linux'],
    [`${MOZILLA}(X11; CrOS x86_64 14541.0.0) ${APPLE}Chrome/142.0.0.0 Safari/537.36`, 'Chrome · ChromeOS'],
    [`${MOZILLA}(Linux; Android 10; K) ${APPLE}Chrome/142.0.0.0 Mobile Safari/537.36`, 'Chrome · Android'],
    [
      `${MOZILLA}(Linux; Android 10; K) ${APPLE}SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`,
      'Samsung Internet · Android',
    ],
    [
      `${MOZILLA}(iPhone; CPU iPhone OS 18_6 like Mac OS X) ${APPLE}Version/18.6 Mobile/15E148 Safari/604.1`,
      'Safari · iPhone',
    ],
    [
      `${MOZILLA}(iPhone; CPU iPhone OS 18_6 like Mac OS X) ${APPLE}CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1`,
      'Chrome · iPhone',
    ],
    [`${MOZILLA}(Macintosh; Intel Mac OS X 10_15_7) ${APPLE}Version/18.6 Safari/605.1.15`, 'Safari · macOS'],
    [
      `${MOZILLA}(iPhone; CPU iPhone OS 18_6 like Mac OS X) ${APPLE}Mobile/15E148 KAKAOTALK 25.9.0`,
      'KakaoTalk · iPhone',
    ],
    ['curl/8.14.1', 'curl'],
    ['python-requests/2.32.5', 'Python'],
    ['Googlebot', undefined],
    ['<script>alert(1)</script>', undefined],
    ['', undefined],
    [null, undefined],
  ])('%s', (user_agent, name) => {
    expect(deviceName(user_agent)).toBe(name)
  })
})

describe('placeName', () => {
  it.each([
    ['KR', '203.0.113.7', 'en', 'South Korea · 203.0.113.7'],
    ['KR', '203.0.113.7', 'ko', '대한민국 · 203.0.113.7'],
    ['T1', '203.0.113.7', 'en', '203.0.113.7'], // Tor, as Cloudflare says it
    ['XX', null, 'en', ''],
    ['kr', null, 'en', ''],
    [null, '2001:db8::1', 'ko', '2001:db8::1'],
    [null, null, 'en', ''],
  ] as const)('%s, %s in %s', (country, ip, language, place) => {
    expect(placeName({ country, ip }, language)).toBe(place)
  })
})

describe('moment', () => {
  it('is said in UTC, and says so', () => {
    expect(moment(1_800_000_000, 'en').replace(/\s/g, ' ')).toBe('Jan 15, 2027, 8:00 AM UTC')
    expect(moment(1_800_000_000, 'ko')).toContain('2027. 1. 15.')
  })
})
