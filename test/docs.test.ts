import { describe, expect, it } from 'vitest'
import korean from '../README.ko.md?raw'
import english from '../README.md?raw'
import llms from '../llms.txt?raw'
import { DOCUMENTS, documents, FILES } from '../scripts/docs/documents.ts'
import { ours } from './descriptions.ts'

/** Every page, by its path from the top. */
const pages = new Map(
  Object.entries(
    import.meta.glob(['../*.md', '../docs/**/*.md'], { query: '?raw', import: 'default', eager: true }),
  ).map(([path, text]) => [path.replace('../', ''), text]),
)

const [ownMails] = Object.values(
  import.meta.glob('./sample/mails.ts', { query: '?raw', import: 'default', eager: true }),
)

/** Every file that a page may lead to, and every folder. */
const files = Object.keys(
  import.meta.glob(['../*', '../docs/**', '../packages/*/*.md', '../public/**', '../src/**']),
).map((path) => path.replace('../', ''))
const exists = (path: string) => files.some((file) => file === path || file.startsWith(`${path}/`))

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

const sources = Object.entries(
  import.meta.glob(['../src/config.ts', '../src/problem.ts'], { query: '?raw', import: 'default', eager: true }),
).map(([path, text]) => [path.replace('../', ''), text] as const)
const texts: Record<string, string> = Object.fromEntries([...pages, ...sources])

describe('what `npm run docs` writes', () => {
  it.each(Object.keys(DOCUMENTS))('stands in %s as the code of today has it', (path) => {
    expect(pages.get(path), 'Run `npm run docs`.').toBe(documents(ours, texts)[path])
  })

  it('cannot be written while a setting has no docstring', () => {
    const bare = texts['src/config.ts']!.replace(/\/\*\* The sender of every mail\. \*\/\n/, '')
    expect(() => documents(ours, { ...texts, 'src/config.ts': bare })).toThrow(/^MAIL_FROM has no docstring/)
  })

  it('cannot be written where a document has lost its markers', () => {
    const lost = english.replace('<!-- end of routes -->', '')
    expect(() => documents(ours, { ...texts, 'README.md': lost })).toThrow(/<!-- routes: npm run docs -->/)
  })

  it('names only files that are there', () => {
    const missing = Object.keys(FILES).filter((name) => {
      const path = name.replace('GET /', 'public/')
      return !exists(path) && !exists(`${path}.html`)
    })
    expect(missing).toEqual([])
  })
})

describe.each([
  ['README', english, korean],
  ['docs/reference', pages.get('docs/reference.md')!, pages.get('docs/reference.ko.md')!],
  ['docs/applications', pages.get('docs/applications.md')!, pages.get('docs/applications.ko.md')!],
  ['docs/mcp', pages.get('docs/mcp.md')!, pages.get('docs/mcp.ko.md')!],
  ['docs/verify-elsewhere', pages.get('docs/verify-elsewhere.md')!, pages.get('docs/verify-elsewhere.ko.md')!],
  ['docs/testing', pages.get('docs/testing.md')!, pages.get('docs/testing.ko.md')!],
  ['docs/sign-in', pages.get('docs/sign-in.md')!, pages.get('docs/sign-in.ko.md')!],
  ['docs/sign-in-with', pages.get('docs/sign-in-with.md')!, pages.get('docs/sign-in-with.ko.md')!],
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

it('shows words and layout of mails as test/core/mail/words.test.ts tries them', () => {
  expect(pages.get('docs/operations.md')).toContain(`\`\`\`ts\n${ownMails}\`\`\`\n`)
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
