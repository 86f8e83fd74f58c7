import { problems } from '../../src/problem.ts'
import type { Operation, Page } from '../../src/openapi.ts'
import type { Json } from './contract.ts'
import { type Language, labels } from './labels.ts'
import { code } from './markdown.ts'
import type { Route } from './routes.ts'
import { schemaOf } from './schema.ts'

/** Characters of a shape up to which inner objects are spelled out. */
const SHAPE_MAX = 120

export function whatItDoes({ summary, description }: Operation, language: Language): string {
  return description ? `${summary[language]}. ${description[language]}` : summary[language]
}

export function needsOf(route: Route, { security, query = route.query }: Operation, language: Language): string {
  return listed(
    [
      security && labels[security][language],
      route.guard && guardOf(route.guard, route.role, language),
      route.schema && `JSON ${code(shapeOf(schemaOf(route.schema)))}`,
      query && `${labels.query[language]} ${code(shapeOf(schemaOf(query)))}`,
    ],
    language,
  )
}

/** How the answers look that are no refusal, then the codes that the handler itself may refuse with. */
export function answerOf({ answers, problems: own = [] }: Operation, language: Language): string {
  const good = Object.entries(answers).map(([status, { schema, type }]) =>
    schema ? `${status} ${code(type ?? shapeOf(schemaOf(schema)))}` : status,
  )
  const refusals = [...own].sort((a, b) => problems[a][0] - problems[b][0]).map(code)
  return [...good, ...(refusals.length > 0 ? [`${labels.else[language]} ${refusals.join(', ')}`] : [])].join('; ')
}

export function pageNeeds(name: string, { needs, anywhere }: Page, language: Language): string {
  const form = labels[anywhere ? 'anyForm' : 'form'][language]
  return listed([needs && labels.cookie[needs][language], name.startsWith('POST ') && form], language)
}

const listed = (parts: (string | false | undefined)[], language: Language): string =>
  parts.filter(Boolean).join(', ') || labels.nothing[language]

function guardOf(guard: NonNullable<Route['guard']>, role: string | undefined, language: Language): string {
  if (role === undefined) return labels.guard[guard][language]
  return labels[role as 'admin' | 'support'][guard === 'fresh' ? 'fresh' : 'strict'][language]
}

/** The members of an object: `{email, password, device_token?}`. Inner ones too, where the whole stays short. */
function shapeOf(schema: Json): string {
  const whole = membersOf(schema, true)
  return whole.length <= SHAPE_MAX ? whole : membersOf(schema, false)
}

function membersOf({ properties = {}, required = [] }: Json, inner: boolean): string {
  const members = Object.entries(properties as Record<string, Json>).map(([name, member]) => {
    const label = (required as string[]).includes(name) ? name : `${name}?`
    const { items = {} } = member as { items?: Json }
    if (!inner) return label
    if (member['properties']) return `${label}: ${membersOf(member, inner)}`
    return items['properties'] ? `${label}: [${membersOf(items, inner)}]` : label
  })
  return `{${members.join(', ')}}`
}
