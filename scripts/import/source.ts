import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { csvRows } from './csv.ts'
import { Blocks, Text } from './input.ts'
import { jsonLineRows, jsonRows } from './json.ts'
import { type Row, TableChoice, UnreadableFile } from './rows.ts'
import { sqlRows } from './sql.ts'
import { openSqlite } from './sqlite.ts'

export const formats = ['csv', 'jsonl', 'json', 'sqlite', 'sqlite-dump', 'mysqldump', 'pg_dump'] as const
export type Format = (typeof formats)[number]

export type Source = {
  format: Format
  rows: Iterable<Row>
  /** Whether the file can say that its table has no rows. A CSV without rows may as well be the wrong file. */
  knowsEmpty: boolean
  /** How much of the file has been read, from 0 to 1. */
  progress: (rowsRead: number) => number
  close: () => void
  /** The same file once more. */
  again: () => Source
}

export type SourceOptions = { format?: Format | undefined; table?: string | undefined; blockBytes?: number }

const DIALECTS = { mysqldump: 'mysql', pg_dump: 'postgres', 'sqlite-dump': 'sqlite' } as const

/** Opens a file for one reading, in bounded memory whatever its size. @throws UnreadableFile */
export function openSource(path: string, options: SourceOptions = {}): Source {
  // A pipe can be read once, and a beginning that was looked at is gone.
  const file = statSync(path, { throwIfNoEntry: false })
  if (!file) throw new UnreadableFile(`There is no file ${path}.`)
  if (!file.isFile()) throw new UnreadableFile(`${path} is not a regular file. Save it to one first.`)
  const again = () => openSource(path, options)
  const bytes = firstBytes(path)
  const format = options.format ?? formatOf(path, bytes)
  if (format !== 'sqlite') refuseBinary(path, bytes)
  if (options.table !== undefined && (format === 'csv' || format === 'jsonl')) {
    throw new UnreadableFile(
      '--table chooses among the tables of a database, a dump or a JSON object: this file has one.',
    )
  }
  const table = new TableChoice(options.table)
  if (format === 'sqlite') {
    const { total, rows, close } = openSqlite(path, table)
    return { format, rows, knowsEmpty: true, close, again, progress: (rowsRead) => rowsRead / Math.max(total, 1) }
  }
  const blocks = new Blocks(path, options.blockBytes)
  const text = new Text(blocks)
  const rows =
    format === 'csv'
      ? csvRows(text)
      : format === 'jsonl'
        ? jsonLineRows(text)
        : format === 'json'
          ? jsonRows(text, options.table)
          : dumpRows(path, bytes, text, sqlRows(text, DIALECTS[format], table))
  const progress = () => blocks.bytesRead / Math.max(blocks.size, 1)
  const knowsEmpty = format !== 'csv' && format !== 'jsonl'
  return { format, rows, knowsEmpty, close: () => blocks.close(), again, progress }
}

/**
 * Recognizes the format of a file by its beginning. The name decides only between CSV and a dump whose beginning says
 * nothing.
 */
function formatOf(path: string, bytes: Buffer): Format {
  const head = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const first = head.trimStart()
  if (head.startsWith('SQLite format 3\0')) return 'sqlite'
  refuseBinary(path, bytes)
  if (first === '') throw new UnreadableFile(`${path} is empty.`)
  if (first.startsWith('[')) return 'json'
  if (first.startsWith('{')) return isObject(first.split('\n', 1)[0]!) || isLong(first) ? lineFormat(first) : 'json'
  if (/^-- (MySQL|MariaDB|phpMyAdmin)|^\/\*!\d{5}|^(CREATE TABLE|INSERT INTO) `/m.test(head)) return 'mysqldump'
  if (/^-- PostgreSQL database dump|^COPY .+ FROM stdin;|standard_conforming_strings/m.test(head)) return 'pg_dump'
  if (/^(PRAGMA foreign_keys|BEGIN TRANSACTION;)/m.test(head)) return 'sqlite-dump'
  if (/^\s*(--|CREATE|INSERT|SET)\b/.test(head) || path.endsWith('.sql')) {
    throw new UnreadableFile(`${path} could be a dump of several systems. Say which with --format.`)
  }
  return 'csv'
}

/** What the makers of dumps write at their beginning and, if all went well, at their end. */
const ENDS: [begins: RegExp, ends: RegExp][] = [
  [/^-- (MySQL|MariaDB) dump/m, /^-- Dump completed/m],
  [/^-- Dumped by pg_dump/m, /^-- PostgreSQL database dump complete/m],
  [/^PRAGMA foreign_keys=OFF;\s+BEGIN TRANSACTION;/, /^COMMIT;/m],
]

/** The rows of a dump, and a fault after them if the dump has no end: rows may be missing. */
function* dumpRows(path: string, head: Buffer, text: Text, rows: Iterable<Row>): Generator<Row> {
  let isCut = false
  for (const row of rows) {
    isCut ||= 'fault' in row && row.fault === 'truncated'
    yield row
  }
  const end = ENDS.find(([begins]) => begins.test(head.toString()))?.[1]
  if (!isCut && end && !end.test(lastBytes(path).toString())) yield { line: text.line, fault: 'truncated' }
}

/** Files that are no text, and what to do with them. */
const BINARY: [begins: RegExp, whatToDo: string][] = [
  [/^PGDMP/, 'a compressed dump. Write one with pg_dump --format=plain.'],
  [/^PK\x03\x04|^\xd0\xcf\x11\xe0/, 'a spreadsheet or an archive. Save it as CSV UTF-8, or unpack it.'],
  [/^(\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf)/, 'compressed, with gzip for instance. Unpack it first.'],
  [/^(\xff\xfe|\xfe\xff|(\0[^\0]){4}|([^\0]\0){4})/, 'UTF-16. Save it as UTF-8.'],
  [/^[^\n]*\0/, 'no text: mongodump and others write such files. Export CSV or JSON instead.'],
]

/** @throws UnreadableFile */
function refuseBinary(path: string, bytes: Buffer): void {
  const start = bytes.toString('latin1', 0, 64)
  const whatToDo = BINARY.find(([begins]) => begins.test(start))?.[1]
  if (whatToDo) throw new UnreadableFile(`${path} is ${whatToDo}`)
}

/** Firebase and others may write their one object on one line; a user has no member of such a name. */
const lineFormat = (first: string): Format =>
  /^\{\s*"(users|data|items|records|results)"\s*:\s*\[/.test(first) ? 'json' : 'jsonl'

const isLong = (first: string): boolean => first.length > HEAD_BYTES / 2 && !first.includes('\n')

/** A line that is a whole object, or would be one without the comma after it. */
const isObject = (line: string): boolean => /\}\s*,?\s*$/.test(line)

const HEAD_BYTES = 64 * 1024

const TAIL_BYTES = 4096

const firstBytes = (path: string): Buffer => bytesAt(path, 0, HEAD_BYTES)

const lastBytes = (path: string): Buffer => bytesAt(path, Math.max(statSync(path).size - TAIL_BYTES, 0), TAIL_BYTES)

function bytesAt(path: string, position: number, length: number): Buffer {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(length)
    return buffer.subarray(0, readSync(fd, buffer, 0, length, position))
  } finally {
    closeSync(fd)
  }
}
