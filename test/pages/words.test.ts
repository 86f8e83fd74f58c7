import { describe, expect, it } from 'vitest'
import { languages } from '../../src/core/audit.ts'
import { problems } from '../../src/core/problem.ts'
import { type Words, words } from '../../src/pages/words.ts'

const sources = Object.entries(
  import.meta.glob('../../src/pages/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true }),
)
  .filter(([name]) => !name.includes('/words.'))
  .map(([, text]) => text)
  .join('\n')

const [credentials = ''] = Object.values(
  import.meta.glob('../../src/core/credentials.ts', { query: '?raw', import: 'default', eager: true }),
)

const keys = (value: object) => Object.keys(value).sort()

/** The codes that the schemas of fields and `refuseCommon` give. */
const fieldCodes = keys(
  Object.fromEntries(
    [...credentials.matchAll(/(?:nonEmpty\(|, |code: )'([a-z_]+)'\)?/g)]
      .map(([, code = '']) => [code, true] as const)
      .filter(([code]) => code !== 'password' && code !== 'latchkey'),
  ),
)

describe.each(languages)('the words in %s', (language) => {
  const say = words[language]

  it('have one for every problem and no other', () => {
    expect(keys(say.problems)).toEqual(keys(problems))
  })

  it('have one for every way in which a field is refused, and no other', () => {
    expect(fieldCodes.length).toBeGreaterThan(4)
    expect(keys(say.fields)).toEqual(fieldCodes)
  })

  it('are the same phrases as in the other languages, none empty', () => {
    for (const other of languages) {
      expect(keys(say)).toEqual(keys(words[other]))
      expect(keys(say.done)).toEqual(keys(words[other].done))
      expect(keys(say.labels)).toEqual(keys(words[other].labels))
    }
    const texts = Object.values(say).flatMap((value) =>
      typeof value === 'object' ? Object.values(value) : [typeof value === 'string' ? value : value('x')],
    )
    expect(texts.filter((text) => text.trim() === '')).toEqual([])
  })

  it('are each of this language', () => {
    const { name: _name, ...rest } = say
    const texts = Object.values(rest).flatMap((value) =>
      typeof value === 'object' ? Object.values(value) : [typeof value === 'string' ? value : value('x')],
    )
    expect(texts.filter((text) => /[가-힣]/.test(text) !== (language === 'ko'))).toEqual([])
  })

  it('are all used', () => {
    const { done, labels, ...phrases } = say as Words & Record<string, unknown>
    expect(
      keys(phrases).filter((key) => !new RegExp(`\\b(say|words\\[\\w+\\])\\.${key}\\b`).test(sources + 'say.fields')),
    ).toEqual([])
    expect(keys(done).filter((key) => !new RegExp(`done=${key}\\b|'${key}'\\)`).test(sources))).toEqual([])
    expect(keys(labels).filter((key) => !sources.includes(`name="${key}"`))).toEqual([])
  })
})
