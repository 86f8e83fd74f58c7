/** Runs in Node, next to the tests, and checks responses against the contract. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Contract } from '../../scripts/docs/contract.ts'

/** A request to the Worker and its response. */
export type Exchange = { method: string; path: string; status: number; type: string | null; body: string }

type Content = Record<string, { schema: object }>
type Answer = { $ref?: string; content?: Content }
type Operation = { responses: Record<string, Answer> }

/** Codes that can occur before any route is reached. */
const ANYWHERE = new Set(['not_found', 'method_not_allowed', 'body_too_large', 'not_ready', 'internal_error'])

const contract = JSON.parse(readFileSync(join(import.meta.dirname, '../../public/openapi.json'), 'utf8')) as Contract
const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false })
ajv.addSchema(contract, 'contract')
const validators = new Map<string, ValidateFunction>()

/** What is wrong with a response; undefined if the contract allows it. */
export function violation({ method, path, status, type, body }: Exchange): string | undefined {
  if (method === 'OPTIONS') return undefined // the contract does not cover CORS
  if (path === '/action') return undefined // `test/sample`, which replaces a user's own routes
  const found = operationAt(method === 'HEAD' ? 'get' : method.toLowerCase(), path)
  if (!found) {
    if (isHosted(method, path)) return undefined
    if (type?.startsWith('text/html') && (status === 404 || status === 405)) return undefined // for who opened nothing
    const code = type === 'application/problem+json' && (JSON.parse(body || '{}') as { code?: string }).code
    if (method === 'HEAD' || (code && ANYWHERE.has(code))) return undefined
    return 'no operation of the contract, and no page'
  }
  const { operation, pointer } = found
  const answer = operation.responses[status]
  if (!answer) return `status ${status} is not in the contract`
  const at = answer.$ref?.slice(1) ?? `${pointer}/responses/${status}`
  const content = answer.$ref ? contentOf(answer.$ref) : answer.content
  if (method === 'HEAD') return undefined
  if (!content) return body === '' ? undefined : 'a body where the contract has none'
  if (type === null || !(type in content)) return `${type} instead of ${Object.keys(content).join()}`
  const validate = validatorAt(`${at}/content/${escape(type)}/schema`)
  return validate(/[/+]json$/.test(type) ? JSON.parse(body) : body) ? undefined : ajv.errorsText(validate.errors)
}

function operationAt(method: string, path: string): { operation: Operation; pointer: string } | undefined {
  const decoded = decodedPath(path)
  // A literal path may have other methods than the template that matches it, too: POST /a/options, PATCH /a/{id}.
  const template = Object.keys(contract.paths).find(
    (candidate) => method in contract.paths[candidate]! && formOf(candidate).test(decoded),
  )
  if (template === undefined) return undefined
  const operation = contract.paths[template]![method] as Operation
  return { operation, pointer: `/paths/${escape(template)}/${method}` }
}

/** As Hono matches it: a path that is not UTF-8 stays as it is. */
function decodedPath(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

/** `{path}` may have several segments. */
const formOf = (template: string) =>
  new RegExp(`^${template.replace('{path}', '.+').replaceAll(/\{\w+\}|:\w+/g, '[^/]+')}$`)

const isHosted = (method: string, path: string) =>
  contract['x-hosted-pages'].some((page) => formOf(page).test(`${method === 'HEAD' ? 'GET' : method} ${path}`))

const contentOf = (ref: string): Content =>
  (contract.components.responses[ref.split('/').at(-1)!] as { content: Content }).content

function validatorAt(pointer: string): ValidateFunction {
  let validate = validators.get(pointer)
  if (!validate) validators.set(pointer, (validate = ajv.compile({ $ref: `contract#${pointer}` })))
  return validate
}

/** A part of a JSON pointer in a URI fragment (RFC 6901 section 6). */
const escape = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
