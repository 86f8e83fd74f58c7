import * as v from 'valibot'
import { settings } from '../../src/config.ts'
import type { Chapter, Pages } from '../../src/openapi.ts'
import { problems } from '../../src/problem.ts'
import { answerOf, needsOf, pageNeeds, whatItDoes } from './cells.ts'
import { docstringOf, docstringsIn, linked } from './docstrings.ts'
import { type Language, labels } from './labels.ts'
import { code, table } from './markdown.ts'
import { problemsInKorean } from './problems.ko.ts'
import type { Route } from './routes.ts'
import { settingsInKorean } from './settings.ko.ts'

/** A table for each chapter of JSON routes, and one for the pages. */
export function routesPart(
  chapters: readonly Chapter[],
  routes: Map<string, Route>,
  pages: Pages,
  language: Language,
): string {
  const head = ['route', 'does', 'needs', 'answer'] as const
  const own = chapters.flatMap(({ title, operations }) => [
    `### ${title[language]}`,
    table(
      head.map((label) => labels[label][language]),
      Object.entries(operations).map(([name, operation]) => [
        code(name),
        whatItDoes(operation, language),
        needsOf(routes.get(name)!, operation, language),
        answerOf(operation, language),
      ]),
    ),
  ])
  const hosted = table(
    (['route', 'needs', 'answer'] as const).map((label) => labels[label][language]),
    Object.entries(pages).map(([name, page]) => [code(name), pageNeeds(name, page, language), page.answer[language]]),
  )
  return [...own, `### ${labels.pages[language]}`, hosted].join('\n\n')
}

/** What each role may do under `/admin` and `/console`, as the guards of the routes and the pages say. */
export function rolesPart(
  chapters: readonly Chapter[],
  routes: Map<string, Route>,
  pages: Pages,
  language: Language,
): string {
  const own = chapters.flatMap(({ operations }) =>
    Object.entries(operations).flatMap(([name, { summary }]) => {
      const { role, guard } = routes.get(name)!
      return role === undefined ? [] : [{ name, role, fresh: guard === 'fresh', does: summary[language] }]
    }),
  )
  const hosted = Object.entries(pages).flatMap(([name, { needs = 'login', answer }]) =>
    needs === 'login'
      ? []
      : [
          {
            name,
            role: needs.split(' ').at(-1)!,
            fresh: needs !== 'admin' && needs !== 'support',
            does: answer[language],
          },
        ],
  )
  return table(
    [labels.route[language], labels.does[language], code('support'), code('admin')],
    [...own, ...hosted].map(({ name, role, fresh, does }) => {
      const may = labels.may[fresh ? 'fresh' : 'yes'][language]
      return [code(name), does, role === 'support' ? may : labels.may.no[language], may]
    }),
  )
}

/** For a README: what there is, grouped by chapter, and the pages that a person may open by name. */
export function routeList(chapters: readonly Chapter[], pages: Pages, language: Language): string {
  const opened = Object.keys(pages).flatMap((name) => /^GET (\/[a-z]+)$/.exec(name)?.[1] ?? [])
  const groups = [
    ...chapters.map(({ title, operations }) => [title[language], Object.keys(operations)] as const),
    [labels.pages[language], opened] as const,
  ]
  return groups.map(([title, names]) => `- ${title}: ${names.map(code).join(', ')}`).join('\n')
}

/** @param source the text of `src/config.ts`, whose docstrings are the English column */
export function settingsPart(source: string, language: Language): string {
  const english = docstringsIn(source)
  return table(
    (['name', 'default', 'meaning'] as const).map((label) => labels[label][language]),
    Object.entries(settings.entries).map(([name, schema]) => [
      code(name),
      defaultOf(schema, language),
      language === 'en' ? docstringOf(english, name) : linked(settingsInKorean[name as keyof typeof settingsInKorean]),
    ]),
  )
}

function defaultOf(schema: v.GenericSchema, language: Language): string {
  if (schema.type !== 'optional') return labels.required[language]
  const fallback = v.getDefault(schema as v.OptionalSchema<v.GenericSchema, string | number | undefined>)
  return fallback === undefined || fallback === '' ? labels.unset[language] : code(String(fallback))
}

/** @param source the text of `src/problem.ts`, whose docstrings are the English column */
export function problemsPart(source: string, language: Language): string {
  const english = docstringsIn(source)
  return table(
    (['code', 'status', 'when'] as const).map((label) => labels[label][language]),
    Object.entries(problems).map(([name, [status]]) => [
      code(name),
      String(status),
      language === 'en' ? docstringOf(english, name) : problemsInKorean[name as keyof typeof problemsInKorean],
    ]),
  )
}
