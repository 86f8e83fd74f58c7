/**
 * Every error of the protocol (RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, RFC 8707 section 2, RFC 9470
 * section 5, OpenID Connect Core section 3.1.2.6). Other failures are a `Problem`.
 */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'access_denied'
  | 'login_required'
  | 'consent_required'
  | 'unmet_authentication_requirements'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'

/** A refusal in the words of the protocol. `message` is for developers, and shows nothing that the request contained. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: ErrorCode
  constructor(error: ErrorCode, message: string) {
    super(message)
    this.error = error
  }
}
