/**
 * Every error code. A code never changes its meaning and is never translated; adding one is a line in CHANGELOG.md.
 * Many private reasons may share one code: the audit trail records which one it was, but the response does not say.
 * `npm run docs` writes the docstrings into docs/reference.md. The Korean descriptions are in
 * scripts/docs/problems.ko.ts.
 */
export const problems = {
  /** A mailed link was used, has expired (after an hour; an invitation and the link of a notice after seven days), or was replaced or voided. */
  invalid_one_time_token: [400, 'This link has been used, has expired, or was replaced by a newer one.'],
  /** The body is not JSON, not UTF-8, or repeats a member name. */
  malformed_json: [400, 'The body is not valid JSON.'],
  /** A back end stated no IP address, or one that is loopback, private or malformed. */
  invalid_client_address: [400, 'The address of the client is missing, or is none on the Internet.'],
  /** No application is registered under this `client_id`. */
  unknown_client: [400, 'This application is not known here.'],
  /** The `client_id` is the address of a document that cannot be fetched, or is not valid. The log says more. */
  client_document_refused: [400, 'The document about this application cannot be used.'],
  /** The `redirect_uri` or `post_logout_redirect_uri` is missing, or is not exactly one that is registered for the application. */
  unregistered_redirect_uri: [400, 'The address of the application is not registered.'],
  /** A back end sent a wrong secret, or stated an address without a secret. */
  unknown_backend: [401, 'This back end is not known, or its secret is wrong.'],
  /**
   * Unknown address, wrong password, a hash that cannot be read, or a passkey that is not right. They are indistinguishable on
   * purpose; only for an unknown passkey, `unknown_credential` is true.
   */
  invalid_credentials: [401, 'The email or the password is wrong.'],
  /** The refresh token was not issued here or was used before, or its session has ended. */
  invalid_refresh_token: [401, 'The refresh token is not valid, or its session has ended.'],
  /**
   * The last authentication was more than 10 minutes ago or, if the account asks for a second factor, did not show one.
   * Call `POST /user/reauth`, then try again.
   */
  fresh_login_required: [401, 'Please authenticate again.'],
  /**
   * The session does not have the level that the route requires: two factors. Call `POST /user/reauth` with a second
   * factor or, if the account has none, sign in again.
   */
  step_up_required: [401, 'Please show a second factor.'],
  /** The identity provider failed, or what it answered is not right. The log says more. */
  provider_failed: [400, 'The identity provider did not say who you are.'],
  /** The code of a sign-in is wrong, or was used before. */
  invalid_code: [401, 'The code is wrong, or was used before.'],
  /** The ticket of a sign-in with several steps was used, has expired (after 10 minutes), or was not issued here. */
  invalid_ticket: [401, 'This sign-in has ended, or took too long. Please begin again.'],
  /** The request has no access token. */
  login_required: [401, 'A valid access token is required.'],
  /** The token is forged, expired or malformed, or its session has ended. */
  invalid_token: [401, 'The access token is not valid, or its session has ended.'],
  /** The password was right, or the link of a notice is valid, but the account is disabled. */
  account_disabled: [403, 'This account is disabled.'],
  /**
   * The credentials are right, but the account requires another factor: one of `methods`, with the `ticket`, within
   * `expires_in` seconds.
   */
  second_factor_required: [403, 'This account asks for something more.'],
  /**
   * The credentials are right, but `SECOND_FACTOR` demands a second factor and the account has none. `methods` are what
   * comes next with the `ticket`: first a mailed `code`, then one of the factors that complete the sign-in.
   */
  second_factor_enrolment_required: [403, 'This account needs a second factor.'],
  /** `SECOND_FACTOR` is `off`. */
  second_factors_off: [403, 'Second factors cannot be added here.'],
  /** `SECOND_FACTOR` demands two factors of the user, so the account cannot stop asking for a second one. */
  second_factor_demanded: [409, 'A second factor is demanded here.'],
  /** It is the last way to sign in to the account. Add another one first. */
  last_way_in: [409, 'Something must remain to sign in with.'],
  /** The password was right, but the address is not confirmed. The link was mailed again. */
  email_not_verified: [403, 'The email address has not been confirmed yet.'],
  /** The user is signed in, but does not have the role that the route requires. */
  insufficient_role: [403, 'This needs a role that the account does not have.'],
  /** The token of an application does not have the scope that the route requires; the challenge names it. */
  insufficient_scope: [403, 'This needs a scope that the token does not have.'],
  /** A new identity, whose provider states no address that an account can have. Register in another way, then connect it. */
  identity_without_email: [403, 'The identity provider did not tell an email address.'],
  /** `REGISTRATION` is `closed`. */
  registration_closed: [403, 'Registration is closed.'],
  /** The request uses the cookie, or sends a form, and does not come from this site. */
  cross_site_request: [403, 'A request that relies on a cookie must come from this site.'],
  /** Nothing exists at this address, or it belongs to another user. */
  not_found: [404, 'There is nothing at this address.'],
  /** The address does not support this method; `Allow` lists the ones it supports. */
  method_not_allowed: [405, 'This address does not take this method.'],
  /**
   * The address of an identity has an account that is not connected with it. Sign in to that account in another way, then
   * connect the identity.
   */
  identity_not_linked: [409, 'This identity is not connected with an account here.'],
  /** The identity is connected with an account already, or the account with another identity of this provider. */
  identity_taken: [409, 'This identity, or another one of its provider, is connected already.'],
  /** The email address belongs to another account, perhaps since the link was mailed. */
  email_taken: [409, 'This email address belongs to another account.'],
  /** The account has an authenticator app. Remove it before you enrol another, or stop asking for a second factor. */
  factor_exists: [409, 'The account has an authenticator app.'],
  /** The account has no second factor, or does not ask for one, so it needs no recovery codes. */
  no_second_factor: [409, 'The account has no second factor.'],
  /** The user cannot be invited, or not any more: the account is in use, or disabled. */
  not_invited: [409, 'This account is in use already, or disabled.'],
  /** The change would leave no administrator. */
  last_admin: [409, 'Somebody must remain who can administer this service.'],
  /** The body is over 16 KiB. */
  body_too_large: [413, 'The body is too large.'],
  /** The body is not `application/json` or `application/*+json` in UTF-8 or, on a page, is not a form. */
  unsupported_media_type: [415, 'The body must be application/json in UTF-8.'],
  /**
   * A field is missing, has the wrong type, is too long, or has a value that no account can have; or a new password is
   * `too_short`, `too_common` or `breached`.
   */
  invalid_body: [422, 'The body does not have the expected shape.'],
  /** A query parameter is unknown, repeated or malformed, or is a cursor that was not issued here. */
  invalid_query: [422, 'The query of the address does not have the expected shape.'],
  /** Too many attempts, and `TURNSTILE_SECRET` is set: solve a challenge, or wait `Retry-After` seconds. */
  challenge_required: [429, 'Please solve the challenge, or try again later.'],
  /** Too many attempts on this account, or too many requests from this network. Wait `Retry-After` seconds. */
  too_many_attempts: [429, 'Too many attempts. Please try again later.'],
  /** An unexpected error. The log has the request id. */
  internal_error: [500, 'Something went wrong on our side.'],
  /**
   * A setting is missing or invalid, or (at `/ready`) the database is not ready. A weak secret is reported as
   * `invalid`: the log and `doctor` say why.
   */
  not_ready: [503, 'The service is not configured completely.'],
  /** Too much password work at once in this location. Try again after `Retry-After` seconds. */
  overloaded: [503, 'Too much is going on just now. Please try again shortly.'],
  /** The database or a doorkeeper did not respond. Try again after `Retry-After` seconds. */
  unavailable: [503, 'The service cannot answer just now.'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problems

/** One error in a request's body, or in a setting. `field` is a dotted path, never a value. `detail`: the rule, in words. */
export type FieldError = { field: string; code: string; detail?: string }

/** `members` are added to the response (RFC 9457 section 3.2). */
type Details = {
  errors?: FieldError[]
  headers?: Record<string, string>
  members?: Record<string, unknown>
  cause?: unknown
}

/** The default challenge of a 401 (RFC 9110 section 15.5.2). An error code is added only if a token was sent. */
export const CHALLENGE = 'Bearer realm="latchkey"'

/** An error that is safe to show. `cause` is only for the log. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly status: (typeof problems)[ProblemCode][0]
  readonly title: string
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  readonly members: Record<string, unknown>

  constructor(code: ProblemCode, { errors, headers = {}, members = {}, cause }: Details = {}) {
    super(code, { cause })
    this.code = code
    ;[this.status, this.title] = problems[code]
    this.errors = errors
    this.headers = headers
    this.members = members
  }
}

/** What an error says in the log: the cause of a refusal, if it has one, says more than its code. */
export const causeOf = (error: unknown): unknown => (error instanceof Problem ? (error.cause ?? error) : error)
