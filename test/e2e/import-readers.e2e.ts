/** What the importer makes of files: of every format, of every size of block, of hostile ones. */
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { exportFormats, type StoredUser } from '../../scripts/import/export.ts'
import { type Row, UNREADABLE, UnreadableFile } from '../../scripts/import/rows.ts'
import { openSource, type SourceOptions } from '../../scripts/import/source.ts'
import { ROOT, skipWithout, temporaryFolder } from './service.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true }))

const DUMPS = join(import.meta.dirname, 'dumps')

function fileOf(content: string | Uint8Array, name = 'file'): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** A row as an object, and what is broken as text. */
const brief = (row: Row): unknown =>
  'fault' in row ? `${row.line}: ${row.fault}` : Object.fromEntries(row.columns.map((name, i) => [name, row.cells[i]]))

function read(path: string, options: SourceOptions = {}): unknown[] {
  const source = openSource(path, options)
  try {
    return [...source.rows].map(brief)
  } finally {
    source.close()
  }
}

const readText = (content: string | Uint8Array, options: SourceOptions = {}) => read(fileOf(content), options)

describe('pg_dump', () => {
  const rows = [
    { id: '1', 'Display Name': "O'Brien \\ tab\t", email: 'Ann@Example.com', is_active: true, note: 'two\nlines\\.' },
    { id: '2', 'Display Name': '한국어', email: 'b@example.com', password: null, is_active: false, note: '\\N' },
    { id: '3', 'Display Name': "); INSERT INTO users VALUES (9,'x');", password: '\\x00', note: '\\.\n\\.\n' },
  ]

  it.each([1, 7, 64, 262_144])('is read as it was written, in blocks of %i bytes', (blockBytes) => {
    const inserts = read(join(DUMPS, 'pg_dump-inserts.sql'), { blockBytes })
    expect(inserts).toHaveLength(3)
    rows.forEach((row, i) => expect(inserts[i]).toMatchObject(row))
    const copied = read(join(DUMPS, 'pg_dump-copy.sql'), { blockBytes })
    const asCopied = (row: object) =>
      Object.fromEntries(
        Object.entries(row).map(([name, cell]) => [
          name,
          typeof cell === 'boolean' ? (cell ? 't' : 'f') : (cell as unknown),
        ]),
      )
    expect(copied).toEqual(inserts.map((row) => asCopied(row as object)))
  })

  it('text between dollars is text', () => {
    const body = `$body$ it's; INSERT INTO users (id) VALUES (9); $$ $body$`
    const dump = `CREATE FUNCTION f() RETURNS void AS ${body};\nINSERT INTO users (id) VALUES ($$a'b$$);`
    expect(readText(dump, { format: 'pg_dump' })).toEqual([{ id: "a'b" }])
  })

  it('gives the same rows as \\copy with CSV, but for its empty cells', () => {
    const csv = read(join(DUMPS, 'psql-copy.csv'))
    const copied = read(join(DUMPS, 'pg_dump-copy.sql')) as Record<string, string | null>[]
    expect(csv).toEqual(
      copied.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, cell ?? '']))),
    )
  })
})

describe('mysqldump', () => {
  const dump = (values: string) => `-- MySQL dump 10.13  Distrib 8.0.36
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE \`users\` (
  \`id\` int NOT NULL AUTO_INCREMENT,
  \`email\` varchar(255) COLLATE utf8mb4_bin DEFAULT 'a,b''c',
  \`hashed_password\` varbinary(60) DEFAULT NULL,
  \`active\` bit(1) DEFAULT NULL,
  PRIMARY KEY (\`id\`), UNIQUE KEY \`email\` (\`email\`)
) ENGINE=InnoDB;
LOCK TABLES \`users\` WRITE;
/*!40000 ALTER TABLE \`users\` DISABLE KEYS */;
${values}
UNLOCK TABLES;
DELIMITER ;;
CREATE DEFINER=\`r\`@\`%\` PROCEDURE \`p\`() BEGIN
  IF 1 THEN SELECT 1; END IF;
  INSERT INTO users VALUES (9,'trap@example.com',NULL,NULL);
END ;;
DELIMITER ;
-- Dump completed
`
  it.each([1, 3, 262_144])(
    'is read with its escapes, character sets and blobs, in blocks of %i bytes',
    (blockBytes) => {
      const values = `INSERT INTO \`users\` VALUES (1,'O\\'Brien\\\\\\"@example.com',_binary '$2b$12\\0\\Z\\n',_binary '\\1'),
      (2,'b''c@example.com',0x243262,b'1'),(-3,NULL,X'',NOW(1,(2)));`
      expect(readText(dump(values), { blockBytes })).toEqual([
        { id: '1', email: `O'Brien\\"@example.com`, hashed_password: '$2b$12\0\x1a\n', active: '1' },
        { id: '2', email: "b'c@example.com", hashed_password: Buffer.from('$2b'), active: '1' },
        { id: '-3', email: null, hashed_password: Buffer.alloc(0), active: UNREADABLE },
      ])
    },
  )

  it('says where a row has other columns than its table, and where the file ends too early', () => {
    expect(readText(dump('INSERT INTO `users` VALUES (1),(2,NULL,NULL,NULL);'))).toEqual([
      '12: wrong_column_count',
      { id: '2', email: null, hashed_password: null, active: null },
    ])
    const whole = dump("INSERT INTO `users` VALUES (1,'a@example.com',NULL,NULL);")
    expect(readText(whole.slice(0, whole.indexOf('@example')))).toEqual(['12: truncated'])
  })
})

const word = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\0', '').toWellFormed())
const spiteful = fc.constantFrom(
  "'",
  '"',
  '\\',
  ';',
  '--',
  '/*',
  '*/',
  '\n',
  '\r\n',
  '\t',
  '),(',
  '\\.',
  '$$',
  'END;',
  '\\N',
  '',
)
const cell = fc.option(fc.array(fc.oneof(word, spiteful), { maxLength: 6 }).map((parts) => parts.join('')))
const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 })
const blockBytes = fc.integer({ min: 1, max: 40 })

describe('whatever text a row holds', () => {
  const quoted = (text: string | null) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`)
  const escaped = (text: string | null) => {
    const escape: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\x1a': '\\Z' }
    return text === null ? 'NULL' : `'${text.replace(/[\\'"\n\r\x1a]/g, (char) => escape[char] ?? `\\${char}`)}'`
  }
  const copied = (text: string | null) => {
    const escape: Record<string, string> = { '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' }
    return text === null ? '\\N' : text.replace(/[\\\b\f\n\r\t\v]/g, (char) => `\\${escape[char] ?? char}`)
  }
  const tuples = (rows: (string | null)[][], write: (text: string | null) => string) =>
    rows.map((row) => `(${row.map(write).join(',')})`).join(',')

  it.each([
    ['sqlite-dump', (rows: (string | null)[][]) => `INSERT INTO users(a,b) VALUES${tuples(rows, quoted)};`],
    ['pg_dump', (rows: (string | null)[][]) => `INSERT INTO "users" (a, b) VALUES ${tuples(rows, quoted)};`],
    [
      'mysqldump',
      (rows: (string | null)[][]) => `INSERT INTO \`users\` (\`a\`,\`b\`) VALUES ${tuples(rows, escaped)};`,
    ],
    [
      'pg_dump',
      (rows: (string | null)[][]) =>
        `COPY public.users (a, b) FROM stdin;\n${rows.map((row) => `${row.map(copied).join('\t')}\n`).join('')}\\.\n`,
    ],
  ] as const)('%s gives it back', (format, write) => {
    fc.assert(
      fc.property(table, blockBytes, (rows, blockBytes) => {
        expect(readText(write(rows), { format, blockBytes })).toEqual(rows.map(([a, b]) => ({ a, b })))
      }),
      { numRuns: 300 },
    )
  })

  it('JSON gives it back, in lines and in an array, alone or as a member', () => {
    const value = fc.dictionary(word, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1, noNullPrototype: true })
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 4 }),
        blockBytes,
        fc.nat(2),
        (rows, blockBytes, indent) => {
          const given = JSON.parse(JSON.stringify(rows)) as unknown[] // -0 is 0
          const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('\r\n')
          expect(readText(lines, { format: 'jsonl', blockBytes })).toEqual(given)
          expect(readText(JSON.stringify(rows, null, indent), { format: 'json', blockBytes })).toEqual(given)
          const wrapped = JSON.stringify({ kind: 'x"]', n: 1, o: { users: [] }, users: rows, z: null }, null, indent)
          expect(readText(wrapped, { format: 'json', blockBytes })).toEqual(given)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('CSV gives back what our export writes, and csv-parse reads the same', () => {
    const header = exportFormats.csv.header.replace('\n', '').split(',')
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 4 }),
        blockBytes,
        (rows, blockBytes) => {
          const users = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
          const file =
            exportFormats.csv.header +
            users.map((user) => `${exportFormats.csv.line(user as unknown as StoredUser)}\n`).join('')
          expect(readText(file, { format: 'csv', blockBytes })).toEqual(users)
          expect(parse(file, { columns: true })).toEqual(users)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('no bytes at all make a reader hang or fall over', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(fc.oneof(word, spiteful)).map((parts) => Buffer.from(parts.join(''))),
    )
    const format = fc.constantFrom('csv', 'jsonl', 'json', 'sqlite-dump', 'mysqldump', 'pg_dump')
    fc.assert(
      fc.property(bytes, format, blockBytes, (content, format, blockBytes) => {
        try {
          readText(content, { format: format as 'csv', blockBytes })
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableFile)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('SQLite', () => {
  const script = `CREATE TABLE user (
      [id] INTEGER PRIMARY KEY, email TEXT, "pass word" BLOB, n REAL, CHECK (email <> 'a,b'));
    CREATE TABLE log (email);
    CREATE TRIGGER t AFTER INSERT ON log BEGIN
      INSERT INTO user VALUES (CASE WHEN 1 THEN 9 END, 'trap@example.com', NULL, NULL);
    END;
    INSERT INTO user VALUES (9007199254740993, 'a@example.com', x'243262', 1.5), (-2, 'line' || char(10) || 'break', NULL, NULL);`

  it('gives integers of any size and bytes as they are, and is not written to', () => {
    const path = join(folder, 'users.db')
    const db = new DatabaseSync(path)
    db.exec(script)
    db.close()
    expect(read(path, { table: 'user' })).toEqual([
      { id: -2n, email: 'line\nbreak', 'pass word': null, n: null },
      { id: 9007199254740993n, email: 'a@example.com', 'pass word': new Uint8Array(Buffer.from('$2b')), n: 1.5 },
    ])
  })

  const withoutSqlite = skipWithout('sqlite3', () => execFileSync('sqlite3', ['--version'], { stdio: 'ignore' }))
  it.skipIf(withoutSqlite)('.dump is read, without what stands in a trigger', () => {
    const dump = execFileSync('sqlite3', [':memory:', script, '.dump'], { encoding: 'utf8' })
    expect(dump).toContain('trap@example.com')
    expect(readText(dump)).toEqual([
      { id: '-2', email: UNREADABLE, 'pass word': null, n: null },
      { id: '9007199254740993', email: 'a@example.com', 'pass word': Buffer.from('$2b'), n: '1.5' },
    ])
  })
})

describe('which table', () => {
  const two =
    'BEGIN TRANSACTION;\nCREATE TABLE auth.users(id);CREATE TABLE users(id);INSERT INTO auth.users VALUES(1);INSERT INTO users VALUES(2);'
  it.each([
    ['auth.users', [{ id: '1' }]],
    ['people', 'There is no table people. Tables: auth.users, users. Choose one with --table.'],
    ['users', 'Both auth.users and users could be meant. Choose one with --table.'],
    [undefined, 'Both auth.users and users could be meant. Choose one with --table.'],
  ])('%s', (table, expected) => {
    if (typeof expected === 'string') expect(() => readText(two, { table })).toThrow(expected)
    else expect(readText(two, { table })).toEqual(expected)
  })
})

describe('hostile and broken files', () => {
  it.each([
    [
      'CSV with a mark, CRLF, semicolons and an empty line',
      '\uFEFFid;email\r\n1;a@example.com\r\n\r\n2;"b;c"\r\n',
      [
        { id: '1', email: 'a@example.com' },
        { id: '2', email: 'b;c' },
      ],
    ],
    [
      'CSV with too few and too many columns',
      'id,email\n1\n2,b,c\n3,c',
      ['2: wrong_column_count', '3: wrong_column_count', { id: '3', email: 'c' }],
    ],
    ['CSV with text after a quote', 'id,email\n"1"x,a\n2,b\n', ['2: malformed_csv', { id: '2', email: 'b' }]],
    [
      'CSV with a quote that is never closed',
      'id,email\n1,a\n2,"b\n3,c\n',
      [{ id: '1', email: 'a' }, '3: truncated', { id: '3', email: 'c' }],
    ],
    ['CSV with NUL', 'id,email\n1,a\0b\n', [{ id: '1', email: 'a\0b' }]],
    [
      'CSV with CRLF between quotes',
      'id,note\r\n1,"two\r\nlines"\r\n2\r\n',
      [{ id: '1', note: 'two\r\nlines' }, '4: wrong_column_count'],
    ],
    [
      'JSON lines with broken ones',
      '{"a":1}\n{"a":\n[]\nnull\n7\n{"a":2}',
      [{ a: 1 }, '2: malformed_json', '3: malformed_json', '4: malformed_json', '5: malformed_json', { a: 2 }],
    ],
    ['a JSON array that is cut', '[{"a":1},{"a":"x', [{ a: 1 }, '1: truncated']],
    ['a JSON array without a comma', '[{"a":1}\n{"a":2}]', [{ a: 1 }, '2: malformed_json']],
    ['a JSON array with text after it', '[{"a":1}]\n[', [{ a: 1 }, '2: malformed_json']],
    [
      'COPY that is cut',
      '-- PostgreSQL database dump\nCOPY users (id, email) FROM stdin;\n1\ta\n2',
      [{ id: '1', email: 'a' }, '4: truncated'],
    ],
    [
      'COPY with another number of columns',
      '-- PostgreSQL database dump\nCOPY users (id, email) FROM stdin;\n1\n2\tb\n\\.\n',
      ['3: wrong_column_count', { id: '2', email: 'b' }],
    ],
  ])('%s', (_name, content, expected) => {
    expect(readText(content)).toEqual(expected)
    expect(readText(content, { blockBytes: 1 })).toEqual(expected)
  })

  it('a broken record of CSV keeps the cells before the break, so that its user can be named', () => {
    const rows = [...openSource(fileOf('id,email,name\n7,a@example.com,"A"x\n8,b@example.com,"B\n')).rows]
    expect(rows).toMatchObject([
      { line: 2, fault: 'malformed_csv', cells: ['7', 'a@example.com', 'A'] },
      { line: 3, fault: 'truncated', cells: ['8', 'b@example.com'] },
    ])
  })

  it('a cell of CSV that is too long without quotes is one cell, and no second row begins in it', () => {
    const rows = [
      { id: '1', note: UNREADABLE },
      { id: '2', note: 'b' },
    ]
    expect(readText(`id,note\n1,${'x'.repeat(3_000_000)}\n2,b\n`, { format: 'csv' })).toEqual(rows)
  })

  it('bytes that are not UTF-8 spoil their cell alone', () => {
    expect(readText(Buffer.from('id,name,email\n1,M\xfcller,a@example.com\n', 'latin1'))).toEqual([
      { id: '1', name: 'M\uFFFDller', email: 'a@example.com' },
    ])
  })

  it('JSON that is nested a million deep is one broken row', () => {
    const deep = '['.repeat(400_000)
    expect(readText(`{"a":1}\n${deep}\n{"a":2}`)).toEqual([{ a: 1 }, '2: malformed_json', { a: 2 }])
    expect(readText(`[{"a":${deep}${']'.repeat(400_000)}},{"a":2}]`, { format: 'json' })).toHaveLength(2)
  })

  it.each([
    ['UTF-16', Buffer.from('\uFEFFid,email\n', 'utf16le'), 'UTF-16'],
    ['gzip', Buffer.from([0x1f, 0x8b, 8]), 'gzip'],
    ['a compressed dump', 'PGDMP', '--format=plain'],
    ['nothing', '', 'empty'],
    ['SQL of nobody knows what', 'INSERT INTO users VALUES (1);', '--format'],
    ['a header that does not end', `"${'x'.repeat(3_000_000)}`, 'no column names'],
    ['a database that is none', 'SQLite format 3\0 and then nothing', 'cannot be read as a SQLite database'],
  ])('%s is refused by name', (_name, content, message) => {
    expect(() => readText(content)).toThrow(message)
  })

  const LONG = 100 * 1024 * 1024
  it.each([
    [
      'csv',
      'id,email\n1,"',
      '"\n2,b\n',
      [
        { id: '1', email: 'unreadable' },
        { id: '2', email: 'b' },
      ],
    ],
    ['jsonl', '{"id":"', '"}\n{"id":2}\n', ['1: row_too_long', { id: 2 }]],
    ['json', '[{"id":"', '"},{"id":2}]', ['1: row_too_long', { id: 2 }]],
    ['mysqldump', "INSERT INTO users (id) VALUES ('", "'),(2);", [{ id: 'unreadable' }, { id: '2' }]],
    ['pg_dump', 'COPY users (id) FROM stdin;\n', '\n2\n\\.\n', ['2: row_too_long', { id: '2' }]],
  ] as const)('%s: a value of 100 MB is skipped in bounded memory', (format, before, after, expected) => {
    const path = join(folder, 'long')
    const fd = openSync(path, 'w')
    writeSync(fd, before)
    for (let written = 0; written < LONG; written += 1024 * 1024) writeSync(fd, 'x'.repeat(1024 * 1024))
    writeSync(fd, after)
    closeSync(fd)
    // A process that kept the value would not live: V8 ends it.
    const script = `import { openSource } from '${join(ROOT, 'scripts/import/source.ts')}'
      for (const row of openSource('${path}', { format: '${format}' }).rows) {
        console.log(JSON.stringify(row, (_, value) => (typeof value === 'symbol' ? 'unreadable' : value)))
      }`
    const args = ['--max-old-space-size=32', '--input-type=module', '-e', script]
    const lines = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n')
    expect(lines.map((line) => brief(JSON.parse(line) as Row))).toEqual(expected)
  })
})
