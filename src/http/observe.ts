import type { Context, MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { METHOD_NAME_ALL } from 'hono/router'
import { type Config, config } from '../config.ts'
import type { Session } from '../core/sessions/session.ts'
import { logError } from '../lib/log.ts'
import { emptyTally, type Tally, withTally } from '../lib/tally.ts'
import type { AppEnv } from './app-env.ts'

/** Monitors call this route every few seconds, so it is logged only when it fails. */
const HEALTH = '/health'

/**
 * Reports a request to the operator once it is answered: one line in the log, one data point if `METRICS` is bound, and
 * in development a `Server-Timing` header (W3C Server Timing). It contains no body, query, header or address, and never
 * makes a request fail. If only failures are reported, database calls are not counted.
 */
export const observe: MiddlewareHandler<AppEnv> = async (c, next) => {
  const settings = settingsOf(c.env)
  if (settings.REQUEST_LOG === 'off' && settings.SERVER_TIMING === 'off' && !c.env.METRICS) {
    const startedAt = Date.now()
    await next()
    if (c.res.status >= 500) log(whatHappened(c, Date.now() - startedAt), c, settings)
    return
  }
  const startedAt = performance.now()
  const tally = emptyTally()
  await withTally(tally, next)
  const ms = Math.round(performance.now() - startedAt)
  if (settings.SERVER_TIMING === 'on') c.header('Server-Timing', serverTiming(ms, tally))
  const seen = whatHappened(c, ms, tally)
  if (seen.route === HEALTH && seen.status < 400) return
  log(seen, c, settings)
  measure(seen, c.env.METRICS)
}

/** If the settings are invalid, every line is logged, because someone will look for the cause. */
function settingsOf(env: AppEnv['Bindings']): Pick<Config, 'REQUEST_LOG' | 'SERVER_TIMING'> {
  try {
    return config(env)
  } catch {
    return { REQUEST_LOG: 'all', SERVER_TIMING: 'off' }
  }
}

type Seen = ReturnType<typeof whatHappened>

function whatHappened(c: Context<AppEnv>, ms: number, tally?: Tally) {
  const route = matchedRoutes(c).find(({ method }) => method !== METHOD_NAME_ALL)?.path ?? null
  return {
    method: c.req.method,
    route,
    ...(route === null && { path: outlineOf(c.req.path) }),
    status: c.res.status,
    code: c.var.problem?.code ?? null,
    ms,
    d1: tally?.d1.calls ?? null,
    d1_ms: tally ? Math.round(tally.d1.ms) : null,
    country: (c.req.raw.cf?.country as string | undefined) ?? null,
    user_id: (c.var as { session?: Session }).session?.user_id ?? null,
  }
}

/** The outline of an unknown path: any part that could be an id, a token or an address becomes a star. */
const outlineOf = (path: string): string =>
  path
    .split('/', 6)
    .map((part) => (/^[a-z._-]{0,20}$/.test(part) ? part : '*'))
    .join('/')

/** A 5xx is our fault, so it is always logged, with the name and message of its cause, never with a stack. */
function log(seen: Seen, c: Context<AppEnv>, { REQUEST_LOG }: Pick<Config, 'REQUEST_LOG'>): void {
  const request_id = c.var.requestId
  if (seen.status >= 500) {
    const { cause, errors } = c.var.problem ?? {}
    const reason = cause instanceof Error ? `${cause.name}: ${cause.message.slice(0, 200)}` : undefined
    console.error(JSON.stringify({ level: 'error', request_id, ...seen, errors, reason }))
  } else if (REQUEST_LOG === 'all' || (REQUEST_LOG === 'errors' && seen.status === 429)) {
    console.info(JSON.stringify({ level: 'info', request_id, ...seen }))
  }
}

/** Workers Analytics Engine: one index, by which it samples, then the blobs and doubles in the documented order. */
function measure(
  { route, method, status, code, country, ms, d1 }: Seen,
  metrics: AnalyticsEngineDataset | undefined,
): void {
  const name = route ?? 'unmatched'
  try {
    metrics?.writeDataPoint({
      indexes: [name.slice(0, 96)], // bytes, see Cloudflare's page "Limits"; patterns are ASCII
      blobs: [name, method, String(status), code ?? '', country ?? ''],
      doubles: [1, ms, d1 ?? 0],
    })
  } catch (error) {
    logError('metrics_not_written', error)
  }
}

const serverTiming = (ms: number, tally: Tally): string =>
  [
    `total;dur=${ms}`,
    ...Object.entries(tally)
      .filter(([, { calls }]) => calls > 0)
      .map(([name, { calls, ms: dur }]) => `${name};dur=${Math.round(dur)};desc="${calls} calls"`),
  ].join(', ')
