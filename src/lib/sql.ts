/** A piece of SQL with the values that its question marks stand for. */
export type Sql = { readonly text: string; readonly params: readonly Value[] }

type Value = string | number | null | ArrayBuffer

/** Joins text and values: another piece is inlined, everything else is bound. So no value is ever part of the text. */
export function sql(strings: TemplateStringsArray, ...values: (Sql | Value)[]): Sql {
  const pieces = values.map((value) => (isSql(value) ? value : { text: '?', params: [value] }))
  const text = strings.map((string, i) => string + (pieces[i]?.text ?? '')).join('')
  return { text, params: pieces.flatMap((piece) => piece.params) }
}

const isSql = (value: Sql | Value): value is Sql => typeof value === 'object' && value !== null && 'text' in value
