import type { Context } from 'hono'
import type { RequestIdVariables } from 'hono/request-id'

/** What every handler may rely on. A guard adds `session` to it, on the routes that name one. */
export type AppEnv = { Bindings: Env; Variables: RequestIdVariables }

/** The part of a context that helpers read. Every handler's fits, guarded or not. */
export type Asked = Pick<Context<AppEnv>, 'env' | 'req' | 'var'>
