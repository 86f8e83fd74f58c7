import { METHOD_NAME_ALL } from 'hono/router'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import korean from '../README.ko.md?raw'
import english from '../README.md?raw'
import llms from '../llms.txt?raw'
import { app } from '../src/app.ts'
import { settings } from '../src/config.ts'
import { problems } from '../src/core/problem.ts'
import { isAdded } from './support.ts'

/** Every page, by its path from the top. */
const pages = new Map(
  Object.entries(
    import.meta.glob(['../*.md', '../docs/**/*.md'], { query: '?raw', import: 'default', eager: true }),
  ).map(([path, text]) => [path.replace('../', ''), text]),
)

/** Every file that a page may lead to, and every folder. */
const files = Object.keys(import.meta.glob(['../*', '../docs/**', '../public/**', '../src/**'])).map((path) =>
  path.replace('../', ''),
)
const exists = (path: string) => files.some((file) => file === path || file.startsWith(`${path}/`))

/** First and second cells of the rows of Markdown tables whose first cell is code of this form. */
const rows = (markdown: string, form: RegExp) =>
  [...markdown.matchAll(/^\| `([^`|]+)` *\| *([^|]*?) *\|/gm)].flatMap(([, name = '', second = '']) =>
    form.test(name) ? [{ name, second: second.replaceAll('`', '') }] : [],
  )

/** Code blocks with their language. Those of a list are indented. */
const blocks = (markdown: string) => [...markdown.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([block]) => block)

const headings = (markdown: string) =>
  [...markdown.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/^(#+) (.+)$/gm)].map(
    ([, level = '', text = '']) => ({
      level: level.length,
      text,
    }),
  )

/** The anchor of a heading, as GitHub makes it. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')

/** What a page links to, and the pictures in it: where, and which heading. */
const links = (markdown: string) =>
  [
    ...markdown
      .replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
      .replaceAll(/`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)\s]+)\)|src="([^"]+)"/g),
  ].flatMap(([, link = '', source = '']) => (/^https?:/.test(link + source) ? [] : [link + source]))

/** The path that a link means, from the top. */
const resolved = (page: string, target: string) =>
  decodeURIComponent(new URL(target, `https://docs.example/${page}`).pathname.slice(1)).replace(/\/$/, '')

/** What is answered from files (`public`), without the Worker. */
const FILES = ['GET /openapi.json', 'GET /docs', 'GET /style.css', 'GET /enhance.js']

const ROUTE = /^(GET|POST|PUT|PATCH|DELETE) \//
const SETTING = /^[A-Z][A-Z_]+$/
const CODE = /^[a-z]+(_[a-z]+)*$/

const WORDS = { en: { required: 'required', unset: 'unset' }, ko: { required: '필수', unset: '없음' } }

describe.each([
  ['docs/reference.md', WORDS.en],
  ['docs/reference.ko.md', WORDS.ko],
])('%s', (name, words) => {
  const reference = pages.get(name)!

  it('lists every route of the app, and no other', () => {
    const routes = app.routes
      .filter((route) => route.method !== METHOD_NAME_ALL && !isAdded(route))
      .map(({ method, path }) => `${method} ${path}`)
    expect(new Set(rows(reference, ROUTE).map((row) => row.name))).toEqual(new Set([...routes, ...FILES]))
  })

  it('lists every setting with its default, and no other', () => {
    const documented = rows(reference, SETTING).map((row) => [row.name, row.second])
    const defaults = Object.entries(settings.entries).map(([setting, schema]) => {
      if (schema.type !== 'optional') return [setting, words.required]
      const fallback = v.getDefault(schema)
      return [setting, fallback === undefined || fallback === '' ? words.unset : String(fallback)]
    })
    expect(new Map(documented as [string, string][])).toEqual(new Map(defaults as [string, string][]))
  })

  it('lists every problem with its status, and no other', () => {
    const documented = rows(reference, CODE).map((row) => [row.name, Number(row.second)])
    expect(new Map(documented as [string, number][])).toEqual(
      new Map(Object.entries(problems).map(([code, [status]]) => [code, status])),
    )
  })
})

describe.each([
  ['README', english, korean],
  ['docs/reference', pages.get('docs/reference.md')!, pages.get('docs/reference.ko.md')!],
])('%s in Korean', (_name, ours, theirs) => {
  it('has the same code blocks', () => {
    expect(blocks(ours)).not.toEqual([])
    expect(blocks(theirs)).toEqual(blocks(ours))
  })

  it('has as many headings, of the same levels', () => {
    expect(headings(theirs).map(({ level }) => level)).toEqual(headings(ours).map(({ level }) => level))
  })

  it('leads to the same pages and pictures', () => {
    const targets = (markdown: string) =>
      links(markdown)
        .map((link) => link.replace(/#.*/, '').replace(/\.ko(?=\.(md|png)$)/, ''))
        .sort()
    expect(targets(theirs)).toEqual(targets(ours))
  })
})

describe('links', () => {
  it.each([...pages.keys()])('of %s lead to a file, and to a heading where they name one', (page) => {
    const broken = links(pages.get(page)!).filter((link) => {
      const [target = '', heading] = link.split('#')
      const path = target === '' ? page : resolved(page, target)
      if (!exists(path)) return true
      return heading !== undefined && !headings(pages.get(path) ?? '').some(({ text }) => anchor(text) === heading)
    })
    expect(broken).toEqual([])
  })

  it('are found at all', () => {
    expect(links('[a](b.md#c), `[d](e)` and <img src="f.png" />')).toEqual(['b.md#c', 'f.png'])
    expect([...pages.values()].flatMap(links).length).toBeGreaterThan(50)
  })
})

it('llms.txt lists every page there is, and no other', () => {
  const listed = [...llms.matchAll(/^- \[([^\]]+)\]\(\1\): \S/gm)].map(([, path = '']) => path)
  expect(listed.length).toBe(llms.match(/^- /gm)!.length)
  expect(listed.filter((path) => !path.endsWith('.md')).filter((path) => !exists(path))).toEqual([])
  expect(listed.filter((path) => path.endsWith('.md')).sort()).toEqual([...pages.keys()].sort())
})

describe('decisions', () => {
  const decisions = [...pages].filter(([path]) => path.startsWith('docs/decisions/'))

  it('are numbered without a double or a gap', () => {
    const numbers = decisions.map(([path]) => Number(/\/(\d{3})-[a-z0-9-]+\.md$/.exec(path)?.[1])).sort((a, b) => a - b)
    const all = Array.from({ length: numbers.at(-1)! }, (_, index) => index + 1)
    expect(numbers).toEqual(all)
  })

  it.each(decisions)('%s begins with its number', (path, text) => {
    expect(text.startsWith(`# ${/\/(\d{3})-/.exec(path)?.[1]}: `)).toBe(true)
    expect(text).toMatch(/^Status: \S/m)
  })
})
