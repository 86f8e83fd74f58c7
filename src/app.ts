import { Hono } from 'hono'
import type { ExtractSchema } from 'hono/types'
import type { Registry } from './core/call.ts'
import { checkResources } from './core/clients/resources.ts'
import { allEvents } from './core/events/declaration.ts'
import { rooms } from './core/rooms.ts'
import { account } from './features/account/index.ts'
import { admin } from './features/admin/index.ts'
import { applications } from './features/applications/index.ts'
import { code } from './features/code/index.ts'
import { devices } from './features/devices/index.ts'
import { email } from './features/email/index.ts'
import { factors } from './features/factors/index.ts'
import { front } from './features/front/index.ts'
import { health } from './features/health/index.ts'
import { identities } from './features/identities/index.ts'
import { keys } from './features/keys/index.ts'
import { login } from './features/login/index.ts'
import { oauth } from './features/oauth/index.ts'
import { passkeys } from './features/passkeys/index.ts'
import { password } from './features/password/index.ts'
import { recovery } from './features/recovery/index.ts'
import { register } from './features/register/index.ts'
import { revoked } from './features/revoked/index.ts'
import { session } from './features/session/index.ts'
import { totp } from './features/totp/index.ts'
import { undo } from './features/undo/index.ts'
import { deliverDue } from './http/after.ts'
import { answerError, answerUnknown, methodsAt } from './http/answer.ts'
import type { AppEnv } from './http/app-env.ts'
import { nameClient } from './http/backend.ts'
import { sendSession } from './http/browser-session.ts'
import { limitBody } from './http/body.ts'
import { allowOrigins, configured, harden } from './http/headers.ts'
import { observe } from './http/observe.ts'
import { carry, type Mounted } from './http/registry.ts'
import { answerWithPage } from './pages/answer.tsx'
import { shared } from './pages/index.ts'
import { isMarkedPage } from './pages/return-to.ts'
import { answerLost } from './pages/unknown.tsx'
import { yours } from './yours/index.ts'

/** The features in the order in which they are mounted, with their addresses. Each route names its own guard. */
const all = [
  health, //    GET /health, GET /ready: mounted before the settings are checked
  login, //     the shell of /login
  email, //     /user/email, /account/email; /verify and /cancel, which mailed links open
  password, //  /user/login, /login, /user/password, /account/password, /forgot; /reset, which a mailed link opens
  passkeys, //  /user/login/passkey, /user/passkeys, /account/passkeys
  code, //      /user/login/code, /login/code: a mailed code
  register, //  /user/register, /register
  totp, //      /user/totp, /user/login/totp, /account/totp
  recovery, //  /user/recovery-codes, /user/login/recovery, /account/recovery-codes
  identities, // /login/with, /user/identities, /account/identities: identity providers
  factors, //   /user/factors, /user/second-factor, /account/security
  session, //   /user/refresh, reauth, logout, sessions; /logout, /account/sessions
  undo, //      /user/undo; /undo, which the link in a notice opens
  devices, //   /user/devices, /account/devices
  applications, // /user/applications, /account/applications: what a user signed in to
  account, //   /user/me; /account, which shows every feature's card in this order; /account/export, delete
  admin, //     /admin, /console
  oauth, //     /.well-known/openid-configuration, /oauth: signing in to other applications
  revoked, //   /revoked, for other services
  keys, //      /oauth/jwks, likewise
  shared, //    /brand.css
  yours, //     your own features: last, so that they cannot hide a route above
  front, //     /, except where yours has it
] as const satisfies readonly Mounted[]

/** The same list, without the types of the routes. */
export const features: readonly Mounted[] = all

/**
 * Builds the app: the middleware that every request passes, in order, and the routes. A test may add its own features.
 * @throws Error for resources whose scopes are not their own
 */
export function appOf(features: readonly Mounted[]) {
  checkResources(features)
  const app = new Hono<AppEnv>()
  const registry: Registry = {
    features,
    methods: features.flatMap(({ methods = [] }) => methods),
    events: allEvents([...features, ...rooms]),
    isPage: (path) => isMarkedPage(app.router, path),
  }
  const mount = (those: readonly Mounted[]) => {
    for (const { routes, pages } of those) {
      if (routes) app.route('/', routes)
      if (pages) app.route('/', new Hono<AppEnv>().route('/', pages).onError(answerWithPage))
    }
  }
  app.use(observe, harden, limitBody, carry(registry))
  mount(features.filter(({ unconfigured }) => unconfigured))
  app.use(deliverDue, sendSession, configured, allowOrigins, nameClient)
  mount(features.filter(({ unconfigured }) => !unconfigured))
  app.onError(answerError)
  app.notFound(answerUnknown((path) => methodsAt(app.router, path), answerLost))
  return { app, registry }
}

export const { app, registry } = appOf(features)

type Routes<Each> = Each extends { routes: infer Own } ? Own : never
type Pages<Each> = Each extends { pages: infer Own } ? Own : never
export type Ours = (typeof all)[number]

/** For Hono's client, `hc<AppType>(url)`: every route with its body, query and response. */
export type AppType = Hono<AppEnv, ExtractSchema<Routes<Ours> | Pages<Ours>>>
