/**
 * The docstring right above each member of an object in TypeScript, as one line of Markdown. `docs/page.md#heading` becomes a
 * link for the pages in `docs`.
 */
export function docstringsIn(source: string): Map<string, string> {
  const found = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\s*(\w+):/g)
  return new Map(
    [...found].map(([, text = '', name = '']) => [name, linked(text.replaceAll(/\s*\n\s*\*?\s*/g, ' ').trim())]),
  )
}

/** A mention of a page in `docs`, as a link for its neighbours. */
export const linked = (text: string): string =>
  text.replaceAll(/\bdocs\/([\w-]+(?:\.ko)?\.md)(#[\w-]+)?/g, '[$1]($1$2)')

/** @throws Error where a member has no docstring */
export function docstringOf(docstrings: Map<string, string>, name: string): string {
  const text = docstrings.get(name)
  if (text === undefined) throw new Error(`${name} has no docstring, which the reference is written from.`)
  return text
}
