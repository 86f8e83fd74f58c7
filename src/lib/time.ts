/** Seconds since 1970, the unit of every time that is stored or signed. */
export const now = (): number => Math.floor(Date.now() / 1000)

/** A clock that starts at this time and goes on, for work that takes a while. */
export function clockFrom(start: number): () => number {
  const begun = Date.now()
  return () => start + Math.floor((Date.now() - begun) / 1000)
}
