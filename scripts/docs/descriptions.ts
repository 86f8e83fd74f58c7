import type { Chapter, Description, Held, Pages } from '../../src/openapi.ts'
import { withHoldings } from './holdings.ts'
import { type RouteEntry, routesOf } from './routes.ts'

/** What the `openapi.ts` files say together. */
export type Described = { chapters: Chapter[]; pages: Pages }

/**
 * The descriptions as a reader gets them: the chapters in the order in which the app mounts their first routes, so that
 * `src/app.ts` decides it, and the pages in the order of their routes.
 */
export function inOrder(descriptions: readonly Description[], entries: readonly RouteEntry[]): Described {
  const mounted = [...routesOf(entries).keys()]
  const placeOf = ({ operations }: Chapter) => mounted.indexOf(Object.keys(operations)[0] ?? '')
  const pages = descriptions.flatMap((description) => Object.entries(description.pages ?? {}))
  const held = Object.assign({}, ...descriptions.map((description) => description.held)) as Held
  return {
    chapters: descriptions
      .flatMap(({ chapter }) => (chapter ? { ...chapter, operations: withAll(chapter.operations, held) } : []))
      .sort((a, b) => placeOf(a) - placeOf(b)),
    pages: Object.fromEntries(pages.sort(([a], [b]) => mounted.indexOf(a) - mounted.indexOf(b))),
  }
}

const withAll = (operations: Chapter['operations'], held: Held): Chapter['operations'] =>
  Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, withHoldings(operation, held)]))

/** @throws Error with every route that nothing describes, and every description that has no route */
export function requireAll(routes: readonly string[], described: readonly string[]): void {
  const wrong = [
    ...routes.filter((name) => !described.includes(name)).map((name) => `${name} is in no openapi.ts: ${HOW}`),
    ...described
      .filter((name) => !routes.includes(name))
      .map((name) => `${name} is described, but the app has no such route.`),
  ]
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

const HOW = 'describe it beside its routes.ts.'
