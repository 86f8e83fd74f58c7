const ASCII_UPPER = /[A-Z]+/g

/**
 * The one spelling by which an address is known. ASCII letters are lowered, as SQLite's `lower()` does (JavaScript's
 * own would fold the Kelvin sign into `k`, and the unique index would not); an international domain takes its ASCII
 * form. A fixed point: applying it twice changes nothing.
 */
export function canonicalEmail(email: string): string {
  const lowered = asciiLower(email)
  const at = lowered.lastIndexOf('@')
  const domain = lowered.slice(at + 1)
  return at < 0 || isAscii(domain) ? lowered : lowered.slice(0, at + 1) + asciiDomain(domain)
}

/** ASCII lower case only: the same text as SQLite's `lower()`. */
export const asciiLower = (text: string): string => text.replace(ASCII_UPPER, (letters) => letters.toLowerCase())

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)

/** UTS 46 through the URL parser. What is no domain name stays as it is, and so matches nobody. */
function asciiDomain(domain: string): string {
  const address = `http://${domain}/`
  if (/[/?#:@\\[\]%]/.test(domain) || !URL.canParse(address)) return domain
  return new URL(address).hostname
}
