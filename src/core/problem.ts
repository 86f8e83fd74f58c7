/**
 * Every way the service says no. A code never changes its meaning and is never translated; adding one is a line in
 * CHANGELOG.md. Many private reasons may share one code: the audit trail knows which it was, the wire does not.
 */
export const problems = {
  invalid_one_time_token: [400, 'This link has been used, has expired, or was replaced by a newer one.'],
  malformed_json: [400, 'The body is not valid JSON.'],
  invalid_credentials: [401, 'The email or the password is wrong.'],
  invalid_refresh_token: [401, 'The refresh token is not valid, or its session has ended.'],
  fresh_login_required: [401, 'Please enter the password again.'],
  login_required: [401, 'A valid access token is required.'],
  invalid_token: [401, 'The access token is not valid, or its session has ended.'],
  account_disabled: [403, 'This account is disabled.'],
  email_not_verified: [403, 'The email address has not been confirmed yet.'],
  insufficient_role: [403, 'This needs a role that the account does not have.'],
  registration_closed: [403, 'Registration is closed.'],
  cross_site_request: [403, 'A request that relies on a cookie must come from this site.'],
  not_found: [404, 'There is nothing at this address.'],
  method_not_allowed: [405, 'This address does not take this method.'],
  email_taken: [409, 'This email address belongs to another account.'],
  last_admin: [409, 'Somebody must remain who can administer this service.'],
  body_too_large: [413, 'The body is too large.'],
  unsupported_media_type: [415, 'The body must be application/json in UTF-8.'],
  invalid_body: [422, 'The body does not have the expected shape.'],
  invalid_query: [422, 'The query of the address does not have the expected shape.'],
  challenge_required: [429, 'Please solve the challenge, or try again later.'],
  too_many_attempts: [429, 'Too many attempts. Please try again later.'],
  internal_error: [500, 'Something went wrong on our side.'],
  not_ready: [503, 'The service is not configured completely.'],
  overloaded: [503, 'Too much is going on just now. Please try again shortly.'],
  unavailable: [503, 'The service cannot answer just now.'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problems

/** One thing that is wrong with a request's body, or with a setting. `field` is a dotted path, never a value. */
export type FieldError = { field: string; code: string }

type Details = { errors?: FieldError[]; headers?: Record<string, string>; cause?: unknown }

/** A refusal that is safe to show. `cause` is for the log only. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: (typeof problems)[ProblemCode][0]
  readonly title: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>

  constructor(code: ProblemCode, { errors, headers = {}, cause }: Details = {}) {
    super(code, { cause })
    this.code = code
    ;[this.status, this.title] = problems[code]
    this.errors = errors
    this.headers = headers
  }
}
