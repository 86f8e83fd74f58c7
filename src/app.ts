import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { action } from './action.ts'
import { health } from './features/health/routes.ts'
import { login } from './features/login/routes.ts'
import { me } from './features/me/routes.ts'
import { session } from './features/session/routes.ts'
import { answerError, answerUnknown, methodsAt } from './http/answer.ts'
import type { AppEnv } from './http/app-env.ts'
import { BODY_MAX_BYTES, refuseBody } from './http/body.ts'
import { allowOrigins, configured, describe, harden, identify } from './http/headers.ts'
import { pages } from './pages/routes.tsx'

/** The map: what every request passes, in this order, and where it may end. Each route names its own guard. */
export const app = new Hono<AppEnv>()
  .use(identify, describe, harden, bodyLimit({ maxSize: BODY_MAX_BYTES, onError: refuseBody }))
  .route('/', health) //                GET /health, GET /ready: before the settings are asked for
  .use(configured, allowOrigins)
  .route('/', action) //                yours: /action
  .route('/user', login) //             POST /user/login
  .route('/user', session) //           POST /user/logout
  .route('/user', me) //                GET /user/me
  .route('/', pages) //                 the hosted pages: /login, /logout, /style.css

app.onError(answerError)
app.notFound(answerUnknown((path) => methodsAt(app.router, path)))
