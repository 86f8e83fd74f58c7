const ASCII_UPPER = /[A-Z]+/g

/**
 * The canonical spelling of an address. ASCII letters become lower case, as in SQLite's `lower()`. (JavaScript's
 * `toLowerCase` would turn the Kelvin sign into `k`, and the unique index would not.) An international domain becomes
 * its ASCII form. Applying it twice changes nothing.
 */
export function canonicalEmail(email: string): string {
  const lowered = asciiLower(email)
  const at = lowered.lastIndexOf('@')
  const domain = lowered.slice(at + 1)
  return at < 0 || isAscii(domain) ? lowered : lowered.slice(0, at + 1) + asciiDomain(domain)
}

/** Lowers ASCII letters only, like SQLite's `lower()`. */
export const asciiLower = (text: string): string => text.replace(ASCII_UPPER, (letters) => letters.toLowerCase())

/** Whether this text in a field for the beginning of an address means a domain: `@example.com`. No address begins so. */
export const isDomain = (text: string | undefined): text is string => text?.startsWith('@') === true

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)

/** UTS 46, by the URL parser. Text that is not a domain name stays unchanged, and so matches no account. */
function asciiDomain(domain: string): string {
  const address = `http://${domain}/`
  if (/[/?#:@\\[\]%]/.test(domain) || !URL.canParse(address)) return domain
  return new URL(address).hostname
}
