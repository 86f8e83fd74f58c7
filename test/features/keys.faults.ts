/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /oauth/jwks': '/oauth/jwks',
}
