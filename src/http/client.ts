import type { Context } from 'hono'
import { detectFromHeader } from 'hono/language'
import { type Client, type Language, languages } from '../core/audit.ts'
import type { Asked } from './app-env.ts'

/** Characters. Longer User-Agents are cut: they are shown to people and stored with each session. */
const USER_AGENT_MAX = 256

/** Where a request came from. Only what Cloudflare sets itself counts; `X-Forwarded-For` and its like are hearsay. */
export function clientOf(c: Asked): Client {
  return {
    ip: c.req.header('CF-Connecting-IP') ?? null,
    country: (c.req.raw.cf?.country as string | undefined) ?? null,
    user_agent: c.req.header('User-Agent')?.slice(0, USER_AGENT_MAX) ?? null,
    language: languageOf(c),
    request_id: c.var.requestId,
  }
}

const detection = {
  lookupFromHeaderKey: 'accept-language',
  supportedLanguages: [...languages],
  ignoreCase: true,
} as Parameters<typeof detectFromHeader>[1]

/** The language that the reader likes best among those that are spoken here. */
export const languageOf = (c: Asked): Language =>
  (detectFromHeader(c as Context, detection) as Language | undefined) ?? languages[0]
