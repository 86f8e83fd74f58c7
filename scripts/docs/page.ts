import type { Contract, Json } from './contract.ts'

/** A page that says what the document says: plain HTML and one stylesheet, nothing that a browser would have to run. */
export function page({ info, tags, paths, components, 'x-hosted-pages': hosted }: Contract): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, name: `${method.toUpperCase()} ${path}` })),
  ) as Operation[]
  const chapters = tags.map(({ name }) => ({ name, own: operations.filter((operation) => operation.tags[0] === name) }))
  const refusals = components.responses as Record<string, Refusal>
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(info['title'])}: the contract</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs.css">
<a class="skip" href="#main">Skip to the routes</a>
<header>
<h1>${escape(info['title'])} ${escape(info['version'])}</h1>
${prose(info['description'])}
<p>The same for programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
</header>
<nav aria-label="Routes">
${chapters.map(({ name, own }) => `<h2>${escape(name)}</h2>\n<ul>\n${own.map(link).join('\n')}\n</ul>`).join('\n')}
</nav>
<main id="main">
${chapters.map(({ name, own }) => `<h2>${escape(name)}</h2>\n${own.map((one) => section(one, refusals)).join('\n')}`).join('\n')}
<h2>Pages</h2>
<p>These answer HTML, for people: ${hosted.map((name) => `<code>${escape(name)}</code>`).join(', ')}.</p>
</main>
</html>
`
}

type Content = Record<string, { schema: Json; example?: unknown }>
type Answer = { description: string; content?: Content; $ref?: string }
type Refusal = { content: { 'application/problem+json': { examples: Record<string, { value: { title: string } }> } } }
type Parameter = { name: string; in: string; description?: string; required: boolean }
type Operation = {
  name: string
  operationId: string
  tags: string[]
  summary: string
  description?: string
  'x-guard'?: string
  security?: Record<string, string[]>[]
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, Answer>
}

const link = ({ operationId, name }: Operation) => `<li><a href="#${operationId}"><code>${escape(name)}</code></a>`

const NEEDS: Record<string, string> = {
  offline: 'An access token, also of an ended session.',
  login: 'A login.',
  strict: 'A login, asked of the database.',
  'any level': 'A login, asked of the database, also of one factor where the settings demand two.',
  fresh: 'A login of the last 10 minutes, with a second factor if the account asks for one.',
  factor: 'A login with two factors.',
  'factor change': 'A second factor shown in the last 10 minutes or, if the account asks for none, the password.',
}

function section(operation: Operation, refusals: Record<string, Refusal>): string {
  const { operationId, name, summary, description, security, parameters, requestBody, responses } = operation
  const body = requestBody?.content['application/json']
  return `<section aria-labelledby="${operationId}">
<h3 id="${operationId}"><code>${escape(name)}</code></h3>
<p>${escape(summary)}.</p>
${[description && prose(description), needs(operation['x-guard'], security), parameters && parameterTable(parameters), body && `<h4>Body</h4>\n${fields(body.schema)}\n${example(body.example)}`, ...Object.entries(responses).map(([status, answer]) => answerOf(status, answer, refusals))].filter(Boolean).join('\n')}
</section>`
}

function needs(guard: string | undefined, security: Operation['security']): string {
  const [role] = security?.[0]?.['accessToken'] ?? []
  const text = guard === undefined ? (security ? 'The secret of the feed as bearer token.' : '') : (NEEDS[guard] ?? '')
  return text && `<p><b>Needs:</b> ${text}${role === undefined ? '' : ` The role <code>${escape(role)}</code>.`}</p>`
}

const parameterTable = (parameters: Parameter[]) =>
  table(
    ['Parameter', 'Meaning'],
    parameters.map((one) => [`<code>${escape(one.name)}</code> (${one.in})`, escape(one.description ?? 'Optional.')]),
  )

function answerOf(status: string, { description, content, $ref }: Answer, refusals: Record<string, Refusal>): string {
  const refusal = $ref === undefined ? undefined : refusals[$ref.split('/').at(-1)!]
  if (refusal) {
    const { examples } = refusal.content['application/problem+json']
    const codes = Object.entries(examples).map(
      ([code, { value }]) => `<dt><code>${code}</code><dd>${escape(value.title)}`,
    )
    return `<h4>${status}</h4>\n<dl>${codes.join('\n')}</dl>`
  }
  const json = content?.['application/json']
  return `<h4>${status}</h4>\n${prose(description)}${json ? `\n${fields(json.schema)}\n${example(json.example)}` : ''}`
}

/** The members of an object, those of inner objects by their path. */
function fields(schema: Json): string {
  const rows = membersOf(schema, '')
  return rows.length === 0 ? '' : table(['Member', 'Type', 'Meaning'], rows)
}

function membersOf({ properties = {}, required = [] }: Json, prefix: string): string[][] {
  return Object.entries(properties as Record<string, Json>).flatMap(([name, member]) => {
    const optional = (required as string[]).includes(name) ? '' : ', optional'
    const path = `${prefix}${name}`
    const items = member['items'] as Json | undefined
    return [
      [
        `<code>${escape(path)}</code>`,
        escape(typeOf(member) + optional),
        inline((member['description'] as string | undefined) ?? ''),
      ],
      ...membersOf(member, `${path}.`),
      ...(items ? membersOf(items, `${path}[].`) : []),
    ]
  })
}

function typeOf({ type, anyOf, enum: values, const: only, items }: Json): string {
  if (only !== undefined) return JSON.stringify(only)
  if (Array.isArray(values)) return values.map((value) => JSON.stringify(value)).join(' or ')
  if (Array.isArray(anyOf)) return (anyOf as Json[]).map(typeOf).join(' or ')
  return type === 'array' ? `list of ${typeOf(items as Json)}` : String(type)
}

const table = (head: string[], rows: string[][]) => `<div class="wide" tabindex="0"><table>
<thead><tr>${head.map((cell) => `<th scope="col">${cell}`).join('')}
<tbody>
${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}`).join('')}`).join('\n')}
</table></div>`

const example = (value: unknown) =>
  value === undefined ? '' : `<pre tabindex="0"><code>${escape(JSON.stringify(value, null, 2))}</code></pre>`

const prose = (text: unknown) => `<p>${inline(String(text))}</p>`
const inline = (text: string) => escape(text).replaceAll(/`([^`]+)`/g, '<code>$1</code>')

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: unknown) => String(text).replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!)
