/**
 * Where a spreadsheet begins a formula, also in full width (OWASP, "CSV injection"): at the beginning of a cell, and behind a
 * semicolon or a tab, which begins another cell where that is the separator, quoted or not.
 */
const FORMULA = /(?<=^|[;\t\r\n])(?="*[=+\-@\t\r\n＝＋－＠])/g

/** A row of CSV (RFC 4180). No cell of it is a formula: a quote in front makes text of it. */
export const csvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: string | number | null): string {
  const safe = String(value ?? '').replaceAll(FORMULA, "'")
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
