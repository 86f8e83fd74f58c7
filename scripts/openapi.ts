/** Writes what `public` serves: the contract, a page that shows it, and their headers. Refuses to write a document that is no OpenAPI. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { takeJsx } from './jsx.ts'
import { ROOT } from './local.ts'

takeJsx()
const { app } = await import('../src/app.ts')
const { pages } = await import('../src/pages/routes.tsx')
const { chapters } = await import('./openapi/chapters.ts')
const { filesOf } = await import('./openapi/files.ts')

const files = filesOf(app, pages, chapters)
const { valid, errors } = await new Validator().validate(JSON.parse(files['openapi.json']!) as object)
if (!valid) throw new Error(`The document is no OpenAPI: ${JSON.stringify(errors, null, 2)}`)
for (const [name, text] of Object.entries(files)) writeFileSync(join(ROOT, 'public', name), text)
console.log(`Wrote ${Object.keys(files).join(', ')} into public.`)
