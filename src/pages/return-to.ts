import type { Hono } from 'hono'
import { findTargetHandler, isMiddleware } from 'hono/utils/handler'
import { tryDecodeURI } from 'hono/utils/url'
import type { Config } from '../config.ts'
import type { Registry } from '../core/call.ts'
import type { AppEnv } from '../http/app-env.ts'

/**
 * Only characters that every URL parser keeps unchanged, in segments that are neither empty nor only dots. Of encoded
 * bytes, only spaces and non-ASCII ones: decoding them once too often yields no slash, dot, line break or `%`.
 */
const PLAIN_PATH = /^(?:\/|(?:\/(?!\.{1,2}(?:\/|$))(?:[\w.~-]|%20|%[89a-f][\da-f])+)+)$/i

/** The mark of a guard: pages behind it whose path matches can be returned to. */
export type Returns = { returns: RegExp }

/** Whether a GET of this path reaches a handler behind a guard that marks the path. */
export function isMarkedPage(router: Hono<AppEnv>['router'], path: string): boolean {
  const passed = router
    .match('GET', path)[0]
    .map(([[handler, { method }]]) => ({ handler: findTargetHandler(handler), method }))
  const end = passed.findIndex(({ handler, method }) => method === 'GET' && !isMiddleware(handler))
  const isMark = (handler: object): boolean => 'returns' in handler && (handler as Returns).returns.test(path)
  return passed.slice(0, Math.max(end, 0)).some(({ handler }) => isMark(handler))
}

/** Whether a path is exactly the path of a page for signed-in users. */
export function isOwnPage(path: string, { isPage }: Pick<Registry, 'isPage'>): boolean {
  if (!PLAIN_PATH.test(path)) return false
  const routed = tryDecodeURI(path) // as Hono does before it routes; invalid UTF-8 stays encoded
  return !routed.includes('%') && isPage(routed)
}

/**
 * The address to open after signing in, if it is exactly a page of this site or one of `ALLOWED_RETURN_URLS`. The text
 * is compared and never parsed, because parsers read addresses in different ways.
 */
export function allowedReturn(
  asked: string | undefined,
  { ALLOWED_RETURN_URLS }: Config,
  registry: Pick<Registry, 'isPage'>,
): string | undefined {
  if (asked !== undefined && isOwnPage(asked, registry)) return asked
  return ALLOWED_RETURN_URLS.find((url) => url === asked)
}
