/** `$2x$` marks hashes of a broken implementation (CVE-2011-2483); nothing here may verify them. */
const BCRYPT_HASH = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** log2 of the fewest rounds that bcrypt can be asked for. */
export const BCRYPT_MIN_COST = 4

/** A row that asks for more than this (about 5 s of CPU) is hostile or broken, not careful. */
const MAX_COST = 16

/** log2 of the rounds; undefined when this is no bcrypt hash that may be computed here. */
export function bcryptCost(hash: string): number | undefined {
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1])
  return cost >= BCRYPT_MIN_COST && cost <= MAX_COST ? cost : undefined
}

/** Why `bcryptCost` knows nothing of a hash that begins like one of bcrypt's. */
export function bcryptRefusal(hash: string): 'too_dear' | 'unsupported' | 'malformed' {
  if (/^\$2x?\$/.test(hash)) return 'unsupported'
  const cost = Number(BCRYPT_HASH.exec(hash)?.[1])
  return cost > MAX_COST && cost <= 31 ? 'too_dear' : 'malformed'
}
