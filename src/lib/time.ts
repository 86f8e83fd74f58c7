/** Seconds since 1970, the unit of every time that is stored or signed. */
export const now = (): number => Math.floor(Date.now() / 1000)
