import { type Finding, finding, reasonOf } from './finding.ts'

const DEADLINE_MS = 10_000
const DISCOVERY = '/.well-known/openid-configuration'

type Metadata = { issuer?: unknown; jwks_uri?: unknown; id_token_signing_alg_values_supported?: unknown }
type Keys = { keys?: { kid?: string; alg?: string; d?: unknown }[] }

/** What a running service tells applications about itself: nothing without `SIGNING_KEYS`. */
export async function checkMetadata(url: string): Promise<Finding[]> {
  try {
    const answer = await ask(new URL(DISCOVERY, url))
    if (answer.status === 404) {
      return [{ level: 'ok', about: 'applications', text: 'cannot sign in here, because SIGNING_KEYS is not set' }]
    }
    const { issuer, jwks_uri, id_token_signing_alg_values_supported: algs } = (await answer.json()) as Metadata
    const { origin } = new URL(url)
    const isHere = issuer === origin
    const { keys = [] } = (await (await ask(new URL('/oauth/jwks', url))).json()) as Keys
    const missing = (Array.isArray(algs) ? algs : []).filter((alg) => !keys.some((key) => key.alg === alg))
    return [
      finding('issuer', isHere, 'is the address of the service', {
        warn: `is ${String(issuer)}, not ${origin}: applications refuse it, unless PUBLIC_URL is how they reach the service`,
      }),
      finding('jwks_uri', jwks_uri === `${String(issuer)}/oauth/jwks`, 'belongs to the issuer', {
        fail: `is ${String(jwks_uri)}: does something between you and the service change its answers?`,
      }),
      finding('published keys', missing.length === 0 && keys.length > 0, `are ${keys.length}`, {
        fail: `lack ${missing.join(' and ') || 'everything'}: \`secret rotate signing\` makes them`,
      }),
      ...(keys.some(({ d }) => d !== undefined)
        ? [{ level: 'fail' as const, about: 'published keys', text: 'contain private keys: replace all of them now' }]
        : []),
    ]
  } catch (error) {
    return [{ level: 'fail', about: 'applications', text: `${DISCOVERY} cannot be read (${reasonOf(error)})` }]
  }
}

const ask = (url: URL): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS), redirect: 'error' })
