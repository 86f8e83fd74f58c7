/**
 * Writes what `public` serves: the contract, a page that shows it, their headers, and the client for browsers. Refuses to write
 * a document that is no OpenAPI.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { clientFiles } from './client.ts'
import { takeJsx } from './jsx.ts'
import { ROOT } from './local.ts'

/** Loaded by name, because it is written for the Worker's types, not for Node's. */
const source = './openapi/files.ts'

takeJsx()
const { contractFiles } = (await import(source)) as { contractFiles: () => Record<string, string> }

const files = { ...contractFiles(), ...clientFiles() }
const { valid, errors } = await new Validator().validate(files['openapi.json']!)
if (!valid) throw new Error(`The document is no OpenAPI: ${JSON.stringify(errors, null, 2)}`)
for (const [name, text] of Object.entries(files)) {
  const path = join(ROOT, 'public', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
console.log(`Wrote ${Object.keys(files).join(', ')} into public.`)
