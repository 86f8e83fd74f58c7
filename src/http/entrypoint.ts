import { WorkerEntrypoint } from 'cloudflare:workers'
import { Problem, type ProblemCode } from '../core/problem.ts'
import { sessionOfHeader } from './guard.ts'

/** Whose request it is. Times are whole seconds since 1970. */
export type VerifiedSession = { id: string; user_id: number; roles: string[]; auth_time: number; expires_at: number }

export type Verification = { ok: true; session: VerifiedSession } | { ok: false; code: ProblemCode }

/** What another Worker of the same account may ask through a service binding: no key is shared, and no HTTP is spoken. */
export class Latchkey extends WorkerEntrypoint<Env> {
  /**
   * Judges an `Authorization` header, or a token, as `loginRequired` does: a revocation counts within
   * `REVOCATION_MAX_AGE_SECONDS`. Refusals are `login_required` and `invalid_token`; `unavailable` and `not_ready` say
   * that nobody can tell just now. A union, because errors lose their class on the way between Workers.
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
