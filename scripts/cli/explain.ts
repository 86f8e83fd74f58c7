import type { Problem, ProblemCode } from '../../src/problem.ts'
import { Refusal } from './command.ts'

const sentences: Partial<Record<ProblemCode, string>> = {
  not_found: 'There is no such user. `users list` shows all users.',
  last_admin: 'Nobody would be left to administer the service. Make another admin first: `admin create <email>`.',
  email_taken: 'This address belongs to a user already. `users show <email>` shows which.',
}

const fieldErrors: Record<string, string> = {
  not_a_redirect_uri:
    'have one that cannot be used: https, http on this machine, or a scheme of an app with a dot, exactly as a browser spells it',
  not_a_resource: 'have one that is not an absolute address',
  not_an_algorithm: 'is neither RS256 nor ES256',
  not_an_https_url: 'is not an https address, exactly as a browser spells it',
  our_own: 'have one that is an address of this service',
  public: 'is not possible for a public application',
  too_many: 'are more than 20',
  malformed: 'has a form that is not allowed',
  required: 'is missing',
  too_common: 'is one that everybody tries first: choose another',
  too_long: 'is too long',
  too_short: 'is too short: at least 8 characters',
}

/** A problem as a sentence, and what to do next. */
export function explain({ code, title, errors = [], cause }: Problem): string {
  if (code === 'unavailable') return unavailable(cause)
  if (errors.length === 0) return sentences[code] ?? title
  return errors.map((error) => `The ${error.field} ${fieldErrors[error.code] ?? `is wrong: ${error.code}`}.`).join('\n')
}

function unavailable(cause: unknown): string {
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (/no such (table|column)/.test(reason)) {
    return 'The database is not at this version. Run: npx wrangler d1 migrations apply DB --remote'
  }
  return cause instanceof Refusal ? reason : `The database did not answer: ${reason}. Try again.`
}
