import { WorkerEntrypoint } from 'cloudflare:workers'
import type { Session } from '../core/sessions/session.ts'
import { Problem, type ProblemCode } from '../problem.ts'
import { sessionOfHeader } from './guard.ts'

/** The session of a request. Times are whole seconds since 1970. */
export type VerifiedSession = Pick<Session, 'id' | 'user_id' | 'roles' | 'auth_time' | 'expires_at' | 'acr'>

export type Verification = { ok: true; session: VerifiedSession } | { ok: false; code: ProblemCode }

/**
 * What another Worker of the same account can call through a service binding, without sharing a key and without HTTP.
 */
export class Latchkey extends WorkerEntrypoint<Env> {
  /**
   * Verifies an `Authorization` header, or a token, like `loginRequired`: a revocation takes effect within
   * `REVOCATION_MAX_AGE_SECONDS`. The codes `login_required` and `invalid_token` are refusals; `unavailable` and
   * `not_ready` mean that it cannot be decided now. It returns a union, because errors lose their class between
   * Workers.
   */
  async verify(authorization: string | null | undefined): Promise<Verification> {
    try {
      const found = await sessionOfHeader(authorization ?? '', { env: this.env, executionCtx: this.ctx })
      return typeof found === 'string' ? { ok: false, code: found } : { ok: true, session: found }
    } catch (error) {
      if (error instanceof Problem) return { ok: false, code: error.code }
      throw error
    }
  }
}
