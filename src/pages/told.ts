import type { Language } from '../core/audit.ts'

type Mark = readonly [name: string, mark: RegExp]

/** The first that fits: most browsers name those that they want to pass for, too. */
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
 * A User-Agent in words, like `Chrome · Windows`; undefined where nothing is recognised. Names only, no versions: what
 * somebody wrote about themselves is shown to nobody as it is.
 */
export function deviceName(user_agent: string | null): string | undefined {
  const names = [BROWSERS, SYSTEMS].map((marks) => marks.find(([, mark]) => mark.test(user_agent ?? ''))?.[0])
  return names.filter((name) => name !== undefined).join(' · ') || undefined
}

/** Where a request came from: the country by its name, and the address. Cloudflare has codes that are no country's. */
export function placeName({ country, ip }: { country: string | null; ip: string | null }, language: Language): string {
  const isCountry = country !== null && /^(?!XX)[A-Z]{2}$/.test(country)
  const name = isCountry ? new Intl.DisplayNames(language, { type: 'region' }).of(country) : undefined
  return [name, ip].filter((part) => part !== undefined && part !== null).join(' · ')
}

/** A moment as the server can tell it: in UTC. The script of the pages puts it into the reader's own time. */
export const moment = (seconds: number, language: Language): string =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' }).format(seconds * 1000)} UTC`
