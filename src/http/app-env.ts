import type { Context } from 'hono'
import type { Problem } from '../core/problem.ts'

/** What every handler may rely on. A guard adds `session` to it, on the routes that name one. */
export type AppEnv = { Bindings: Bindings; Variables: { requestId: string; problem?: Problem } }

/** `METRICS` counts requests where an operator has bound it. wrangler's own types know only what is bound. */
type Bindings = Env & { METRICS?: AnalyticsEngineDataset }

/** The part of a context that helpers read. Every handler's fits, guarded or not. */
export type Asked = Pick<Context<AppEnv>, 'env' | 'req' | 'var'>
