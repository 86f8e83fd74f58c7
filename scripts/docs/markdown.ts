/** A Markdown table. Prettier would align its columns anew with each wide cell, so that a changed row changes all of them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  return ['<!-- prettier-ignore -->', line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const code = (text: string): string => `\`${text}\``

/** What is written between the markers of a part: `<!-- settings: npm run docs -->` and `<!-- end of settings -->`. */
const partOf = (name: string) => new RegExp(`(<!-- ${name}: npm run docs -->\n)[^]*?(\n<!-- end of ${name} -->)`)

/** A document with its generated parts as they should be. @throws Error where the markers of a part are missing */
export function fill(document: string, parts: Record<string, string>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    if (!partOf(name).test(text)) throw new Error(`There is no <!-- ${name}: npm run docs --> with its end.`)
    return text.replace(partOf(name), (_, begin: string, end: string) => `${begin}\n${part}\n${end}`)
  }, document)
}
