import { describe, expect, it } from 'vitest'
import { registry } from '../../src/app.ts'
import { type Language, languages, type Translated } from '../../src/lib/language.ts'
import { fieldTexts, problemTexts } from '../../src/pages/problem-texts.ts'
import { labels } from '../../src/pages/words.ts'
import { problems } from '../../src/problem.ts'

type Phrases = Record<string, string | ((parameter: string) => string)>
type Texts = Record<string, Translated>
type Said = { shared?: Translated<Phrases>; words?: Translated<Phrases>; done?: Texts; labels?: Texts }

const files = import.meta.glob<Said>(['../../src/features/*/words.ts', '../../src/pages/words.ts'], { eager: true })

const raw = (files: Record<string, unknown>) => Object.values(files).join('\n')
const views = raw(
  import.meta.glob(['../../src/**/*.tsx', '../../src/pages/*.ts', '!../../src/**/*words.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)
const credentials = raw(
  import.meta.glob(['../../src/core/passwords/credentials.ts', '../../src/core/users/roles.ts'], {
    query: '?raw',
    import: 'default',
    eager: true,
  }),
)

const keys = (value: object) => Object.keys(value).sort()

/** The codes that the schemas of fields and `refuseCommon` give. */
const fieldCodes = keys(
  Object.fromEntries(
    [...credentials.matchAll(/(?:nonEmpty\(|, |code: |refuse\(|ROLES? = )['`]([a-z_]+)(?:: |['`])\)?/g)]
      .map(([, code = '']) => [code, true] as const)
      .filter(([code]) => code !== 'password' && code !== 'latchkey'),
  ),
)

const textsOf = ({ shared, words, done = {}, labels = {} }: Said, language: Language): string[] => {
  const phrases = Object.entries({ ...shared?.[language], ...words?.[language] }).filter(([key]) => key !== 'name')
  return [
    ...phrases.map(([, phrase]) => (typeof phrase === 'string' ? phrase : phrase('x'))),
    ...Object.values({ ...done, ...labels }).map((text) => text[language]),
  ]
}

describe('the words of problems', () => {
  it('have one for every problem and no other', () => {
    expect(keys(problemTexts)).toEqual(keys(problems))
  })

  it('have one for every way in which a field is refused, and no other', () => {
    expect(fieldCodes.length).toBeGreaterThan(4)
    expect(keys(fieldTexts)).toEqual(fieldCodes)
  })

  it.each(languages)('are each of their language, none empty: %s', (language) => {
    const texts = textsOf({ done: problemTexts, labels: fieldTexts }, language)
    expect(texts.filter((text) => /[가-힣]/.test(text) !== (language === 'ko') || text.trim() === '')).toEqual([])
  })
})

describe.each(Object.entries(files))('%s', (_file, said) => {
  it.each(languages)('says everything in %s, and nothing in another language', (language) => {
    const texts = textsOf(said, language)
    expect(texts.length).toBeGreaterThan(0)
    expect(texts.filter((text) => /[가-힣]/.test(text) !== (language === 'ko') || text.trim() === '')).toEqual([])
  })

  it('says nothing that no page shows', () => {
    const phrases = keys({ ...said.shared?.en, ...said.words?.en })
    expect(
      phrases.filter((key) => !new RegExp(`\\b(say|words\\.\\w+|words\\[[\\w.]+\\])\\.${key}\\b`).test(views)),
    ).toEqual([])
    expect(
      keys(said.done ?? {}).filter((key) => !new RegExp(`done=${key}\\b|done: '${key}'|'${key}'[)\\]]`).test(views)),
    ).toEqual([])
    expect(keys(said.labels ?? {}).filter((key) => !views.includes(`name="${key}"`))).toEqual([])
  })
})

describe('the words of events', () => {
  const events = Object.entries(registry.events)

  it('are there for every event that is recorded', () => {
    const all = import.meta.glob<{ events: object }>(['../../src/*/*/events.ts'], { eager: true })
    const names = Object.values(all).flatMap(({ events }) => Object.keys(events))
    expect(events.map(([name]) => name).sort()).toEqual(names.sort())
    expect(names.length).toBeGreaterThan(50)
  })

  it.each(languages)('are each of their language, none empty, and no two events have the same: %s', (language) => {
    const says = events.map(([, { says }]) => says[language])
    const reasons = events.flatMap(([, { reasons = {} }]) => Object.values(reasons).map((text) => text[language]))
    const wrong = [...says, ...reasons].filter(
      (text) => /[가-힣]/.test(text) !== (language === 'ko') || text.trim() === '',
    )
    expect(wrong).toEqual([])
    expect(says.filter((text, i) => says.indexOf(text) !== i)).toEqual([])
  })
})

describe('what features declare', () => {
  const declared = (kind: 'done' | 'labels') => Object.values(files).flatMap((said) => Object.keys(said[kind] ?? {}))

  it('has another name in each of them', () => {
    expect(new Set(declared('done')).size).toBe(declared('done').length)
    expect(new Set(declared('labels')).size).toBe(declared('labels').length)
    expect(keys(labels).length).toBeGreaterThan(2)
  })

  it('is there for everything that a redirect says is done', () => {
    const said = [...views.matchAll(/\?done=(\w+)'/g)].map(([, name]) => name)
    expect(said.length).toBeGreaterThan(3)
    expect(said.filter((name) => !declared('done').includes(name!))).toEqual([])
  })
})
