/** What a client may be told of a user. */
export type Person = { email: string; email_verified: number; name: string | null }

/** The claims that a scope opens (OpenID Connect Core section 5.4). */
export const personOf = ({ email, email_verified, name }: Person, scope: readonly string[]) => ({
  ...(scope.includes('email') && { email, email_verified: email_verified === 1 }),
  ...(scope.includes('profile') && name !== null && { name }),
})
