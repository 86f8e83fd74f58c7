import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { AppEnv } from '../../http/app-env.ts'
import { type ErrorCode, Refusal } from './refusal.ts'

const STATUS: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  invalid_client: 401,
  invalid_token: 401,
  login_required: 401,
  insufficient_scope: 403,
}

/** Answers in JSON. A refusal is answered as RFC 6749 section 5.2 says; any other error is a problem. */
export async function answered(c: Context<AppEnv>, run: () => Promise<object>): Promise<Response> {
  try {
    return c.json(await run())
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { error: code, message } = error
    const challenge = challengeOf(code)
    if (challenge !== undefined) c.header('WWW-Authenticate', challenge)
    return c.json({ error: code, error_description: message }, STATUS[code] ?? 400)
  }
}

/** RFC 6749 section 5.2 for clients, RFC 6750 section 3 for tokens: what is missing is in the challenge. */
function challengeOf(code: ErrorCode): string | undefined {
  if (code === 'invalid_client') return 'Basic realm="latchkey"'
  if (code === 'login_required') return 'Bearer realm="latchkey", scope="openid"'
  if (code === 'invalid_token') return 'Bearer realm="latchkey", scope="openid", error="invalid_token"'
  return code === 'insufficient_scope'
    ? 'Bearer realm="latchkey", error="insufficient_scope", scope="openid"'
    : undefined
}
