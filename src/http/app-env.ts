import type { Context } from 'hono'
import type { Call, Registry } from '../core/call.ts'
import type { Origin } from '../core/origin.ts'
import type { Renewal } from '../core/sessions/renewal.ts'
import type { Problem } from '../problem.ts'

/** What every handler may rely on. Guarded routes also have `session`. */
export type AppEnv = {
  Bindings: Bindings
  Variables: {
    requestId: string
    registry: Registry
    problem?: Problem
    /** The address of the page that a form belongs to, if it is not the form's own. */
    page?: string
    /** The roles of whoever looks at a page of the console. */
    viewer?: readonly string[]
    /** Created by `callOf` on first use. */
    call?: Call
    named?: Pick<Origin, 'ip' | 'named_by'>
    /** What the browser keeps of its session after this answer, if that changes. `null`: nothing. */
    browser?: BrowserSession | null
    /** Counts an account against the limit of this route. Call it once the session is known to be live. */
    countAccount?: (user_id: number) => Promise<void>
    /** The same for a client, once it has shown who it is. */
    countClient?: (client_id: string) => Promise<void>
  }
}

/** What the browser keeps of a session. `expires_in`: seconds of the access token. */
export type BrowserSession = { access_token: string; expires_in: number; renewal: Renewal }

/** `METRICS` counts requests if an operator binds it. wrangler's generated types contain only what is bound. */
type Bindings = Env & { METRICS?: AnalyticsEngineDataset }

/** The part of a context that helpers read. The context of every handler fits, guarded or not. */
export type Asked = Pick<Context<AppEnv>, 'env' | 'req' | 'var'>
