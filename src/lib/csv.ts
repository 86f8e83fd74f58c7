/** What a spreadsheet takes for the beginning of a formula, also in full width (OWASP, "CSV injection"). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/

/** A row of CSV (RFC 4180). No cell of it is a formula: a quote in front makes text of it. */
export const csvRow = (cells: readonly (string | number | null)[]): string => `${cells.map(cell).join(',')}\r\n`

function cell(value: string | number | null): string {
  const text = String(value ?? '')
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
