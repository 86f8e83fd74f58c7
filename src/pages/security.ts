/** The page on which factors are added and removed. */
export const SECURITY = '/account/security'
