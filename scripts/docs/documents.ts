import { app } from '../../src/app.ts'
import type { Description, Pages } from '../../src/openapi.ts'
import { inOrder } from './descriptions.ts'
import type { Language } from './labels.ts'
import { fill } from './markdown.ts'
import { problemsPart, rolesPart, routeList, routesPart, settingsPart } from './parts.ts'
import { routesOf, withoutYours } from './routes.ts'

/** What is answered from `public`, without the Worker. */
export const FILES: Pages = {
  'GET /openapi.json': { answer: { en: '200: the contract, OpenAPI 3.1', ko: '200: API 명세(OpenAPI 3.1)' } },
  'GET /docs': { answer: { en: '200: a page that shows the contract', ko: '200: API 명세를 보여 주는 페이지' } },
  'GET /style.css': { answer: { en: '200: the stylesheet of the pages', ko: '200: 페이지의 스타일시트' } },
  'GET /enhance.js': {
    answer: {
      en: '200: what script adds to the pages; they work without it',
      ko: '200: 페이지에 기능을 더하는 스크립트, 없어도 페이지는 동작함',
    },
  },
  'GET /passkeys.js': {
    answer: {
      en: '200: the script of pages on which a passkey can be used; everything else works without it',
      ko: '200: 패스키를 사용하는 페이지의 스크립트, 패스키가 아닌 기능은 없어도 동작함',
    },
  },
}

/** The documents with generated parts, and their language. */
export const DOCUMENTS: Record<string, Language> = {
  'README.md': 'en',
  'README.ko.md': 'ko',
  'docs/operations.md': 'en',
  'docs/reference.md': 'en',
  'docs/reference.ko.md': 'ko',
}

/**
 * These documents as they should be. The user's own routes are in none of them, so that an upgrade has nothing to merge.
 * @param texts the documents as they are, and the sources `src/config.ts` and `src/problem.ts`, by their paths
 * @throws Error where a setting or a code has no docstring, and where the markers of a part are missing
 */
export function documents(ours: readonly Description[], texts: Record<string, string>): Record<string, string> {
  const entries = withoutYours(app.routes)
  const { chapters, pages } = inOrder(ours, entries)
  const routes = routesOf(entries)
  const written = Object.entries(DOCUMENTS).map(([path, language]) => {
    const parts = path.startsWith('README')
      ? { routes: routeList(chapters, pages, language) }
      : path.includes('operations')
        ? { roles: rolesPart(chapters, routes, pages, language) }
        : {
            routes: routesPart(chapters, routes, { ...pages, ...FILES }, language),
            settings: settingsPart(texts['src/config.ts']!, language),
            codes: problemsPart(texts['src/problem.ts']!, language),
          }
    return [path, fill(texts[path]!, parts)]
  })
  return Object.fromEntries(written) as Record<string, string>
}
