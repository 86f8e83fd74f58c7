// JavaScript, because the project's type check must not need what only the benchmark installs.
import { betterAuth } from 'better-auth'
import bcrypt from 'bcryptjs'
import { env } from 'cloudflare:workers'

/** better-auth on D1 as its documentation sets it up; what it would do beside the measured work is turned off. */
export function betterAuthWorker(plugins = []) {
  const auth = betterAuth({
    database: env.DB,
    secret: env.BETTER_AUTH_SECRET,
    baseURL: 'http://127.0.0.1',
    emailAndPassword: {
      enabled: true,
      password: {
        hash: (password) => bcrypt.hash(password, Number(env.BCRYPT_COST)),
        verify: ({ hash, password }) => bcrypt.compare(password, hash),
      },
    },
    session: {
      updateAge: Number(env.UPDATE_AGE),
      cookieCache: { enabled: env.COOKIE_CACHE === 'on', maxAge: 3_600 },
    },
    plugins,
    advanced: { disableOriginCheck: true, disableCSRFCheck: true },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
  })
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/health') return Response.json({ status: 'ok' })
      if (pathname !== '/action') return auth.handler(request)
      const session = await auth.api.getSession({ headers: request.headers })
      if (!session) return new Response(null, { status: 401 })
      return Response.json({ message: 'You are signed in.', user_id: session.user.id })
    },
  }
}
