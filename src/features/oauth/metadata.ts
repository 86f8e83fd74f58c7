import type { Config } from '../../config.ts'
import { issuerOf, signingAlgs } from '../../core/keys/signing.ts'
import { languages } from '../../lib/language.ts'
import { GRANT_TYPES } from './grants.ts'
import { PROMPTS } from './request.ts'

/** The claims that an id token may have. */
const CLAIMS = 'sub iss aud exp iat auth_time acr amr nonce sid at_hash email email_verified name'.split(' ')

/**
 * What clients can rely on (OpenID Connect Discovery section 3, RFC 8414 section 2). Both documents are the same. Public
 * clients do not authenticate, so no method is listed for them.
 */
export function metadata(config: Config) {
  const issuer = issuerOf(config)
  const methods = ['client_secret_basic', 'client_secret_post']
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    userinfo_endpoint: `${issuer}/oauth/userinfo`,
    jwks_uri: `${issuer}/oauth/jwks`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    end_session_endpoint: `${issuer}/oauth/end-session`,
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: GRANT_TYPES,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: signingAlgs(config),
    token_endpoint_auth_methods_supported: methods,
    revocation_endpoint_auth_methods_supported: methods,
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: PROMPTS,
    acr_values_supported: ['aal1', 'aal2'],
    claims_supported: CLAIMS,
    ui_locales_supported: languages,
    authorization_response_iss_parameter_supported: true,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    ...(config.CLIENT_ID_METADATA_DOCUMENTS.length > 0 && { client_id_metadata_document_supported: true }),
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false, // the default would be true
  }
}
