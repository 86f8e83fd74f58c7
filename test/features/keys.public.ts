/** The keys are public. */
export const strangers = ['GET /oauth/jwks']
