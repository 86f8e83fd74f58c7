import { COOKIE_PREFIX, SESSION_COOKIE } from '../../src/http/cookie.ts'
import { problems } from '../../src/problem.ts'

export const SECURITY = {
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The `access_token` of a login.' },
  bareToken: {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: 'The same token without `Bearer`, for clients of the Flask tutorial.',
  },
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: COOKIE_PREFIX + SESSION_COOKIE,
    description:
      'Set by the hosted login page. On http://localhost its name is `latchkey`. `__Host-latchkey-renewal` renews it when the token in it has expired. Requests other than GET and HEAD must come from the pages of this site.',
  },
  feedSecret: { type: 'http', scheme: 'bearer', description: 'The setting `REVOCATION_FEED_SECRET`.' },
}

const header = (description: string) => ({ description, schema: { type: 'string' } })
export const HEADERS = {
  'X-Request-Id': header('Also in the audit trail and in the log.'),
  'WWW-Authenticate': header('The challenge of RFC 6750 or RFC 9470.'),
  'Retry-After': header('Seconds.'),
}

const string = { type: 'string' }

export const PROBLEM = {
  type: 'object',
  description: 'RFC 9457. `code` is what a program should look at; `errors` names fields or settings, never a value.',
  additionalProperties: false,
  required: ['type', 'title', 'status', 'code', 'request_id'],
  properties: {
    type: { type: 'string', pattern: '^urn:latchkey:problem:[a-z_]+$' },
    title: string,
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems) },
    request_id: string,
    ticket: {
      ...string,
      description:
        'With `second_factor_required` and `second_factor_enrolment_required`: for the next step of this sign-in.',
    },
    methods: {
      type: 'array',
      items: string,
      description: 'With `second_factor_required` and `second_factor_enrolment_required`: what may be shown next.',
    },
    expires_in: {
      type: 'integer',
      description:
        'With `second_factor_required` and `second_factor_enrolment_required`: seconds until the ticket is void.',
    },
    unknown_credential: {
      type: 'boolean',
      description: 'With `invalid_credentials` at a sign-in with a passkey: it is not known here.',
    },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['field', 'code'],
        properties: {
          field: string,
          code: string,
          detail: { ...string, description: 'The rule, where it is not obvious.' },
        },
      },
    },
  },
}
