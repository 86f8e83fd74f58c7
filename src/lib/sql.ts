/** A piece of SQL with the values of its placeholders. */
export type Sql = { readonly text: string; readonly params: readonly Value[] }

type Value = string | number | null | ArrayBuffer

/** Builds SQL: another piece is inlined, and every other value is bound. So no value ever becomes part of the text. */
export function sql(strings: TemplateStringsArray, ...values: (Sql | Value)[]): Sql {
  const pieces = values.map((value) => (isSql(value) ? value : { text: '?', params: [value] }))
  const text = strings.map((string, i) => string + (pieces[i]?.text ?? '')).join('')
  return { text, params: pieces.flatMap((piece) => piece.params) }
}

/** Whether at least one of these conditions is true. */
export const anyOf = (conditions: readonly Sql[]): Sql =>
  sql`(${conditions.reduce((all, one) => sql`${all} OR ${one}`, sql`FALSE`)})`

const isSql = (value: Sql | Value): value is Sql => typeof value === 'object' && value !== null && 'text' in value
