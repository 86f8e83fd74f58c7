import type { Origin } from '../core/origin.ts'
import { type Language, languages } from '../lib/language.ts'
import type { Asked } from './app-env.ts'
import { LANGUAGE_COOKIE, ownCookies } from './cookie.ts'

/** Characters. Longer User-Agents are cut, because they are shown to people and stored with each session. */
const USER_AGENT_MAX = 256

/**
 * Where a request came from, as stated by Cloudflare or by a trusted back end. `X-Forwarded-For` and similar headers
 * are not trusted.
 */
export function originOf(c: Asked): Origin {
  const chosen = chosenLanguage(c)
  return {
    ip: c.req.header('CF-Connecting-IP') ?? null,
    country: (c.req.raw.cf?.country as string | undefined) ?? null,
    user_agent: c.req.header('User-Agent')?.slice(0, USER_AGENT_MAX) ?? null,
    language: chosen ?? acceptedLanguage(c),
    ...(chosen && { chosen: true }),
    request_id: c.var.requestId,
    ...c.var.named,
  }
}

/** The number of language ranges to read, because a header may be long. */
const MAX_RANGES = 20

/**
 * The language that the reader chose on a page, otherwise the preferred one among the available languages (RFC 9110
 * section 12.5.4). Hono's detector does the same in 1 kB more.
 */
export const languageOf = (c: Asked): Language => chosenLanguage(c) ?? acceptedLanguage(c)

function chosenLanguage(c: Asked): Language | undefined {
  const [chosen] = ownCookies(c, LANGUAGE_COOKIE)
  return languages.find((own) => own === chosen)
}

function acceptedLanguage(c: Asked): Language {
  const ranges = (c.req.header('Accept-Language') ?? '').split(',', MAX_RANGES).map((range) => {
    const [tag = '', weight = '1'] = range.split(/;\s*q=/i)
    return { language: tag.trim().toLowerCase().split('-')[0], weight: Number(weight) || 0 }
  })
  const spoken = ranges.filter(({ language, weight }) => weight > 0 && languages.some((own) => own === language))
  const [best] = spoken.sort((a, b) => b.weight - a.weight)
  return (best?.language as Language | undefined) ?? languages[0]
}
