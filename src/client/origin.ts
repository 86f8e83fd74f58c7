/**
 * `URL` reads `localhost:8787` as a URL with the scheme `localhost`, so the scheme is checked. The error does not
 * repeat the address, because it may contain a password.
 */
export function originOf(address: string, option: string): string {
  const url = parsed(address)
  if (url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin
  throw new TypeError(
    `${option}: an address like https://login.example.com, with its https:// (or http://) and nothing after the host.`,
  )
}

function parsed(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}
