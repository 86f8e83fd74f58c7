import { Hono } from 'hono'
import { action } from './action.ts'
import { account } from './features/account/routes.ts'
import { admin } from './features/admin/routes.ts'
import { devices } from './features/devices/routes.ts'
import { email } from './features/email/routes.ts'
import { health } from './features/health/routes.ts'
import { login } from './features/login/routes.ts'
import { password } from './features/password/routes.ts'
import { registering } from './features/register/routes.ts'
import { revoked } from './features/revoked/routes.ts'
import { session } from './features/session/routes.ts'
import { answerError, answerUnknown, methodsAt } from './http/answer.ts'
import type { AppEnv } from './http/app-env.ts'
import { limitBody } from './http/body.ts'
import { allowOrigins, configured, harden } from './http/headers.ts'
import { observe } from './http/observe.ts'
import { pages } from './pages/routes.tsx'

/** The map: what every request passes, in this order, and where it may end. Each route names its own guard. */
export const app = new Hono<AppEnv>()
  .use(observe, harden, limitBody)
  .route('/', health) //                GET /health, GET /ready: before the settings are asked for
  .use(configured, allowOrigins)
  .route('/', action) //                yours: /action
  .route('/user', login) //             /user/login
  .route('/user', registering) //       /user/register
  .route('/user', session) //           /user/refresh, reauth, logout, sessions
  .route('/user', password) //          /user/password: forgot, reset, change
  .route('/user', email) //             /user/email: verify, resend, change
  .route('/user', account) //           /user/me: read, export, delete
  .route('/user', devices) //           /user/devices: list, forget
  .route('/admin', admin) //            /admin: open what failures have closed
  .route('/', revoked) //               /revoked, for other services
  .route('/', pages) //                 the hosted pages: /login, /account, /console and more

/** For Hono's own client, `hc<AppType>(url)`: every route with its body, its query and its answer. */
export type AppType = typeof app

app.onError(answerError)
app.notFound(answerUnknown((path) => methodsAt(app.router, path)))
