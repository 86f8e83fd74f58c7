import type { Call } from '../../core/call.ts'
import { metadataAddress, PROTECTED_RESOURCE, resourcesOf } from '../../core/clients/resources.ts'
import { issuerOf } from '../../core/keys/signing.ts'
import { Problem } from '../../problem.ts'

/**
 * What a client can know of a declared resource, by the address of its metadata (RFC 9728 sections 2 and 3). Clients of MCP
 * also ask without the path of the resource: that is answered where the host has only one.
 * @throws Problem 404 `not_found`
 */
export function protectedResource(url: string, call: Pick<Call, 'settings' | 'registry'>) {
  const issuer = issuerOf(call.settings)
  const { origin, pathname } = new URL(url)
  const at = (host: string) => resourcesOf(call).filter(({ resource }) => new URL(resource).origin === host)
  const own = at(origin)
  const here = own.length > 0 ? own : at(issuer) // behind a proxy, the request may name another host
  const found =
    here.find(({ resource }) => new URL(metadataAddress(resource)).pathname === pathname) ??
    (pathname === PROTECTED_RESOURCE && here.length === 1 ? here[0] : undefined)
  if (!found) throw new Problem('not_found')
  const { resource, name, scopes } = found
  return {
    resource,
    authorization_servers: [issuer],
    scopes_supported: Object.keys(scopes),
    bearer_methods_supported: ['header'],
    ...(name !== undefined && { resource_name: name }),
  }
}
