import type { Config } from '../config.ts'

/** Milliseconds. A person is waiting. */
const DEADLINE_MS = 5_000

/** The action of a login form's widget (`data-action`). A challenge solved on another form is not accepted. */
const ACTION = 'login'

/**
 * Whether a challenge was solved on a login form of an allowed page. Any doubt counts as no, including an unreachable
 * service: the caller can still wait instead.
 */
export async function isSolved(token: string, ip: string | null, config: Config): Promise<boolean> {
  const { TURNSTILE_SECRET: secret, TURNSTILE_VERIFY_URL: url } = config
  if (secret === undefined) return false
  const body = new URLSearchParams({ secret, response: token, ...(ip !== null && { remoteip: ip }) })
  try {
    const answer = await fetch(url, { method: 'POST', body, signal: AbortSignal.timeout(DEADLINE_MS) })
    const { success, hostname, action } = (await answer.json()) as Record<string, unknown>
    return success === true && action === ACTION && hostnames(config).some((own) => own === hostname)
  } catch {
    return false
  }
}

/** The configured hosts, otherwise the hosts of `PUBLIC_URL` and of the pages that may call this service. */
const hostnames = ({ TURNSTILE_HOSTNAMES, PUBLIC_URL, ALLOWED_ORIGINS }: Config): string[] =>
  TURNSTILE_HOSTNAMES.length > 0
    ? TURNSTILE_HOSTNAMES
    : [PUBLIC_URL, ...ALLOWED_ORIGINS]
        .filter((origin) => origin !== undefined)
        .map((origin) => new URL(origin).hostname)
