/** The library, loaded when a passkey is first used: it is large, and most isolates never need it. */
export const webauthn = () => import('./webauthn.ts')
