import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs'

/** A CSV file that only its owner can read, even if the file was there before with wider rights. */
export class CsvFile {
  readonly #fd: number

  constructor(path: string, header: string[]) {
    this.#fd = openSync(path, 'w', 0o600)
    fchmodSync(this.#fd, 0o600)
    this.write(header)
  }

  write(cells: (string | number)[]): void {
    writeSync(this.#fd, `${cells.map(csvCell).join(',')}\n`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** RFC 4180. NULL is an empty cell. */
export function csvCell(value: string | number | null): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
