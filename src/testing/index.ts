/** The testing kit: `latchkey-client/testing`. Its clock needs vitest, so it is a module of its own. */
export { Mailbox, type SentMail } from './mailbox.ts'
export { type Algorithm, type Assertion, type Lies, Passkey, type Registration } from './passkey.ts'
export { accessToken, bearer, type Claims, freshKey, jwksOf, signed, type SigningKey } from './tokens.ts'
export { codeAt } from './totp.ts'
