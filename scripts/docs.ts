/**
 * Writes what is said about the code: the contract, a page that shows it and the client for browsers, which `public` serves,
 * and the tables in the READMEs and the reference. Refuses to write a contract that is no OpenAPI.
 */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { Description } from '../src/openapi.ts'
import { clientFiles } from './client.ts'
import { takeJsx } from './jsx.ts'
import { ROOT } from './local.ts'

/** What these modules export. They are loaded by name, because they are written for the Worker's types, not for Node's. */
type Files = { contractFiles: (ours: Description[]) => Record<string, string> }
type Documents = {
  DOCUMENTS: Record<string, string>
  documents: (ours: Description[], texts: Record<string, string>) => Record<string, string>
}
const [filesModule, documentsModule] = ['./docs/files.ts', './docs/documents.ts']

takeJsx()
const { contractFiles } = (await import(filesModule)) as Files
const { DOCUMENTS, documents } = (await import(documentsModule)) as Documents

const ours = await load(['src/features/*/openapi.ts', 'src/pages/openapi.ts'])
const contract = contractFiles(ours)
const { valid, errors } = await new Validator().validate(contract['openapi.json']!)
if (!valid) throw new Error(`The document is no OpenAPI: ${JSON.stringify(errors, null, 2)}`)

const read = [...Object.keys(DOCUMENTS), 'src/config.ts', 'src/problem.ts']
const texts = Object.fromEntries(read.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]))
const served = Object.entries({ ...contract, ...clientFiles() }).map(([name, text]) => [join('public', name), text])
for (const [name = '', text = ''] of [...served, ...Object.entries(documents(ours, texts))]) {
  const path = join(ROOT, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  console.log(`Wrote ${name}.`)
}

function load(patterns: string[]): Promise<Description[]> {
  const files = globSync(patterns, { cwd: ROOT }).sort()
  return Promise.all(files.map((file) => import(join(ROOT, file)) as Promise<Description>))
}
