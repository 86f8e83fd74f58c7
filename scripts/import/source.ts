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
  if (!statSync(path).isFile()) throw new UnreadableFile(`${path} is not a regular file. Save it to one first.`)
  const again = () => openSource(path, options)
  const format = options.format ?? formatOf(path)
  const table = new TableChoice(options.table)
  if (format === 'sqlite') {
    const { total, rows, close } = openSqlite(path, table)
    return { format, rows, close, again, progress: (rowsRead) => rowsRead / Math.max(total, 1) }
  }
  const blocks = new Blocks(path, options.blockBytes)
  const text = new Text(blocks)
  const rows =
    format === 'csv'
      ? csvRows(text)
      : format === 'jsonl'
        ? jsonLineRows(text)
        : format === 'json'
          ? jsonRows(text)
          : sqlRows(text, DIALECTS[format], table)
  const progress = () => blocks.bytesRead / Math.max(blocks.size, 1)
  return { format, rows, close: () => blocks.close(), again, progress }
}

/** What a file is, by how it begins. Its name decides only between CSV and a dump whose beginning says nothing. */
function formatOf(path: string): Format {
  const bytes = firstBytes(path)
  const start = bytes.toString('latin1')
  const head = bytes.toString('utf8').replace(/^\uFEFF/, '')
  const first = head.trimStart()
  if (start.startsWith('SQLite format 3\0')) return 'sqlite'
  if (start.startsWith('PGDMP'))
    throw new UnreadableFile(`${path} is a compressed dump. Write one with pg_dump --format=plain.`)
  if (start.startsWith('\x1f\x8b')) throw new UnreadableFile(`${path} is compressed with gzip. Unpack it first.`)
  if (/^(\xff\xfe|\xfe\xff)/.test(start)) throw new UnreadableFile(`${path} is UTF-16. Save it as UTF-8.`)
  if (first === '') throw new UnreadableFile(`${path} is empty.`)
  if (first.startsWith('[')) return 'json'
  if (first.startsWith('{')) return isJson(first.split('\n', 1)[0]!) || isLong(first) ? lineFormat(first) : 'json'
  if (/^-- (MySQL|MariaDB|phpMyAdmin)|^\/\*!\d{5}|^(CREATE TABLE|INSERT INTO) `/m.test(head)) return 'mysqldump'
  if (/^-- PostgreSQL database dump|^COPY .+ FROM stdin;|standard_conforming_strings/m.test(head)) return 'pg_dump'
  if (/^(PRAGMA foreign_keys|BEGIN TRANSACTION;)/m.test(head)) return 'sqlite-dump'
  if (/^\s*(--|CREATE|INSERT|SET)\b/.test(head) || path.endsWith('.sql')) {
    throw new UnreadableFile(`${path} could be a dump of several systems. Say which with --format.`)
  }
  return 'csv'
}

/** Firebase may write its one object of users on one line; a user has no member of that name. */
const lineFormat = (first: string): Format => (/^\{\s*"users"\s*:\s*\[/.test(first) ? 'json' : 'jsonl')

const isLong = (first: string): boolean => first.length > HEAD_BYTES / 2 && !first.includes('\n')

function isJson(text: string): boolean {
  try {
    return Boolean(JSON.parse(text))
  } catch {
    return false
  }
}

const HEAD_BYTES = 64 * 1024

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    return buffer.subarray(0, readSync(fd, buffer))
  } finally {
    closeSync(fd)
  }
}
