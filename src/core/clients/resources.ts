import type { Call, Resource } from '../call.ts'
import { issuerOf } from '../keys/signing.ts'
import { isOurOwn } from './registration.ts'

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
