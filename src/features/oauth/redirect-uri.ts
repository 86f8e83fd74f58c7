/** The loopback hosts, whose port a native app chooses when it starts (RFC 8252 section 7.3). */
const LOOPBACK = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::([1-9]\d{0,4}))?((?:\/.*)?)$/

/**
 * Whether an answer may be sent to this address: it is one of the registered ones, character by character (RFC 9700
 * section 2.1). Texts are compared and never parsed, because parsers read addresses in different ways. Of a loopback
 * address only the port may be another one.
 */
export const isRegistered = (uri: string, registered: readonly string[]): boolean =>
  registered.some((own) => own === uri || isSameLoopback(own, uri))

function isSameLoopback(own: string, uri: string): boolean {
  const [a, b] = [LOOPBACK.exec(own), LOOPBACK.exec(uri)]
  return a !== null && b !== null && a[1] === b[1] && a[3] === b[3] && Number(b[2] ?? 80) <= 65_535
}

/** Whether an app on the device of the user takes the answer: by a loopback address, or by a scheme of its own. */
export const isOnDevice = (uri: string): boolean => !uri.startsWith('https:')

/** The address with the answer in its query (RFC 6749 section 4.1.2). Registered addresses have no fragment. */
export function withAnswer(uri: string, answer: Record<string, string | undefined>): string {
  const given = Object.entries(answer).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return `${uri}${uri.includes('?') ? '&' : '?'}${new URLSearchParams(given).toString()}`
}

export { sourceOf as formTarget } from '../../http/headers.ts'
