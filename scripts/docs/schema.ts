import { toJsonSchema } from '@valibot/to-json-schema'
import type * as v from 'valibot'
import { emailAddress, newPassword } from '../../src/core/passwords/credentials.ts'
import type { Json } from './contract.ts'

/** What a check that is written as a function says, for readers. It makes nothing stricter than the routes are. */
const notes = new Map<unknown, Json>([
  [emailAddress, { format: 'email', description: 'ASCII before the @; a domain may be international.' }],
  [newPassword, { description: '8 to 256 characters, counted as code points, and not a common one.' }],
])

/**
 * The JSON Schema (2020-12) of what a valibot schema takes. Where a check has no counterpart, the schema takes more than
 * the route does, never less.
 */
export function schemaOf(schema: v.GenericSchema): Json {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'ignore',
  })
  const properties = (rest.properties ?? {}) as Record<string, Json>
  for (const [name, entry] of Object.entries('entries' in schema ? (schema.entries as v.ObjectEntries) : {})) {
    Object.assign(properties[name]!, notes.get('wrapped' in entry ? entry.wrapped : entry))
  }
  return rest
}
