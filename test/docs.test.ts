import { METHOD_NAME_ALL } from 'hono/router'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import korean from '../README.ko.md?raw'
import english from '../README.md?raw'
import { app } from '../src/app.ts'
import { settings } from '../src/config.ts'
import { problems } from '../src/core/problem.ts'

/** First and second cells of the rows of Markdown tables whose first cell is code of this form. */
const rows = (markdown: string, form: RegExp) =>
  [...markdown.matchAll(/^\| `([^`|]+)` *\| *([^|]*?) *\|/gm)].flatMap(([, name = '', second = '']) =>
    form.test(name) ? [{ name, second: second.replaceAll('`', '') }] : [],
  )

/** What is answered from files (`public`), without the Worker. */
const FILES = ['GET /openapi.json', 'GET /docs']

const ROUTE = /^(GET|POST|PUT|PATCH|DELETE) \//
const SETTING = /^[A-Z][A-Z_]+$/
const CODE = /^[a-z]+(_[a-z]+)*$/

const WORDS = { en: { required: 'required', unset: 'unset' }, ko: { required: '필수', unset: '없음' } }

describe.each([
  ['README.md', english, WORDS.en],
  ['README.ko.md', korean, WORDS.ko],
])('%s', (_name, readme, words) => {
  it('lists every route of the app, and no other', () => {
    const routes = app.routes.flatMap(({ method, path }) => (method === METHOD_NAME_ALL ? [] : [`${method} ${path}`]))
    expect(new Set(rows(readme, ROUTE).map(({ name }) => name))).toEqual(new Set([...routes, ...FILES]))
  })

  it('lists every setting with its default, and no other', () => {
    const documented = rows(readme, SETTING).map(({ name, second }) => [name, second])
    const defaults = Object.entries(settings.entries).map(([name, schema]) => {
      if (schema.type !== 'optional') return [name, words.required]
      const fallback = v.getDefault(schema)
      return [name, fallback === undefined || fallback === '' ? words.unset : String(fallback)]
    })
    expect(new Map(documented as [string, string][])).toEqual(new Map(defaults as [string, string][]))
  })

  it('lists every problem with its status, and no other', () => {
    const documented = rows(readme, CODE).map(({ name, second }) => [name, Number(second)])
    expect(new Map(documented as [string, number][])).toEqual(
      new Map(Object.entries(problems).map(([code, [status]]) => [code, status])),
    )
  })

  it('shows the same commands as the other', () => {
    const commands = (text: string) => [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block)
    expect(commands(readme).length).toBeGreaterThan(2)
    expect(commands(readme)).toEqual(commands(english))
  })
})
