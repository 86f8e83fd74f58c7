import type { Call, Features, Resource } from '../call.ts'
import { issuerOf } from '../keys/signing.ts'
import { wordsOf } from './consents.ts'
import { DEFAULT_SCOPE, isOurOwn, SCOPE } from './registration.ts'

/** A resource that a feature declares. `resource`: its whole address, which is the audience of its tokens. */
export type Declared = Omit<Resource, 'at'> & { resource: string }

type Known = Pick<Call, 'settings' | 'registry'>

/**
 * The resources that features declare. One that is an audience of this service itself is left out.
 * @throws Problem `not_ready` where `PUBLIC_URL` is not set
 */
export const resourcesOf = ({ settings, registry }: Known): Declared[] =>
  registry.features
    .flatMap(({ resources = [] }) => resources)
    .map(({ at, ...rest }) => ({ ...rest, resource: new URL(at, issuerOf(settings)).href }))
    .filter(({ resource }) => !isOurOwn(resource, settings))

/** The declared resource that a client names, however it spells scheme and host. */
export const resourceNamed = (call: Known, name: string | undefined): Declared | undefined =>
  name === undefined ? undefined : resourcesOf(call).find(({ resource }) => resource === spelled(name))

/** An address as `new URL` spells it. */
export const spelled = (address: string): string => (URL.canParse(address) ? new URL(address).href : address)

/** The well-known path of RFC 9728 section 3. */
export const PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource'

/** Where the metadata of a resource is: the well-known path comes before its own (RFC 9728 section 3.1). */
export function metadataAddress(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return `${origin}${PROTECTED_RESOURCE}${pathname === '/' ? '' : pathname}`
}

/** Whether a path is that of a declared resource, or below it. */
export function isWithin(at: string, path: string): boolean {
  const { pathname } = new URL(at, 'https://any')
  return path === pathname || path.startsWith(`${pathname}/`)
}

/**
 * Checks that each resource has scopes, and that no two of them share a word.
 * @throws Error
 */
export function checkResources(features: Features): void {
  const taken = wordsOf(DEFAULT_SCOPE)
  for (const { at, scopes } of features.flatMap(({ resources = [] }) => resources)) {
    const own = Object.keys(scopes)
    if (!SCOPE.test(own.join(' ')) || own.some((word) => taken.includes(word)))
      throw new Error(`The resource ${at} has no scopes, or one that is not its own`)
    taken.push(...own)
  }
}
