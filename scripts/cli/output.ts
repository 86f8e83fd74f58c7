/** Progress and refusals: never in the way of a program that reads standard output. */
export const note = (text: string): void => void process.stderr.write(`${text}\n`)

export const printText = (text: string): void => void process.stdout.write(`${text}\n`)

export const printJson = (value: unknown): void => printText(JSON.stringify(value))

/** A table with a title over each column, or a sentence where there is nothing to show. */
export function printTable(titles: string[], rows: string[][], none: string): void {
  if (rows.length === 0) note(none)
  else printText(columns([titles, ...rows]))
}

/** Rows whose cells stand under each other. */
export function columns(rows: string[][]): string {
  const shown = rows.map((row) => row.map(printable))
  const widths = (shown[0] ?? []).map((_, i) => Math.max(...shown.map((row) => width(row[i] ?? ''))))
  const line = (row: string[]) => row.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - width(cell))).join('  ')
  return shown.map((row) => line(row).trimEnd()).join('\n')
}

/** A User-Agent is a stranger's text: it must not move the cursor of a terminal, or turn the direction of a line. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd')

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns of a terminal. Hangul, Kana and Han take two, marks none. */
export function width(text: string): number {
  const marks = /\p{M}/u
  return Array.from(text.normalize('NFC')).reduce(
    (sum, char) => sum + (WIDE.test(char) ? 2 : marks.test(char) ? 0 : 1),
    0,
  )
}

/** Seconds as the time on the wall, with its offset: `2026-11-23T21:00:00+09:00`. */
export function localTime(seconds: number | null): string {
  if (seconds === null) return ''
  const date = new Date(seconds * 1000)
  const offset = -date.getTimezoneOffset()
  const wall = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, 19)
  const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map((n) =>
    String(n).padStart(2, '0'),
  )
  return `${wall}${offset < 0 ? '-' : '+'}${hours}:${minutes}`
}
