import type { Language } from './language.ts'

type Mark = readonly [name: string, mark: RegExp]

/** The first match wins, because most browsers also name the browsers that they imitate. */
const BROWSERS: Mark[] = [
  ['KakaoTalk', /KAKAOTALK/],
  ['Naver', /NAVER\(/],
  ['Whale', /Whale\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Edge', /Edg(?:A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /(?:Firefox|FxiOS)\//],
  ['Chrome', /(?:Chrome|CriOS)\//],
  ['Safari', /Version\/[\d.]+ .*Safari\//],
  ['curl', /^curl\//],
  ['Python', /^python-/],
]
const SYSTEMS: Mark[] = [
  ['Windows', /Windows NT/],
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['macOS', /Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
]

/**
 * Describes a User-Agent, like `Chrome · Windows`; undefined if nothing is recognized. It contains known names only, no
 * versions: text from a client is never shown as it is.
 */
export function deviceName(user_agent: string | null): string | undefined {
  const names = [BROWSERS, SYSTEMS].map((marks) => marks.find(([, mark]) => mark.test(user_agent ?? ''))?.[0])
  return names.filter((name) => name !== undefined).join(' · ') || undefined
}

/**
 * Where a request came from: the name of the country and the IP address. Some of Cloudflare's codes are not countries.
 */
export function placeName({ country, ip }: { country: string | null; ip: string | null }, language: Language): string {
  const isCountry = country !== null && /^(?!XX)[A-Z]{2}$/.test(country)
  const name = isCountry ? new Intl.DisplayNames(language, { type: 'region' }).of(country) : undefined
  return [name, ip].filter((part) => part !== undefined && part !== null).join(' · ')
}

/** A time in UTC, as the server knows it. The script of the pages converts it to the reader's own time zone. */
export const moment = (seconds: number, language: Language): string =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(seconds * 1000)} UTC`
