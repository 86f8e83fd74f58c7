import { DatabaseSync } from 'node:sqlite'
import { type Row, type TableChoice, UnreadableFile } from './rows.ts'

/** The rows of a table or a view of a SQLite file, which is only read. A row's line is its place in the table. */
export function openSqlite(path: string, table: TableChoice) {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const names = db.prepare(
      `SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'`,
    )
    const name = names.all().flatMap((row) => (table.wants([String(row['name'])]) ? [String(row['name'])] : []))[0]
    table.assertFound()
    const from = `FROM "${name?.replaceAll('"', '""')}"`
    const total = Number(db.prepare(`SELECT count(*) AS n ${from}`).get()?.['n'])
    const select = db.prepare(`SELECT * ${from}`)
    select.setReadBigInts(true)
    const columns = select.columns().map((column) => column.name)
    return {
      total,
      rows: rowsOf(select.iterate() as Iterable<Record<string, unknown>>, columns),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    if (error instanceof UnreadableFile) throw error
    throw new UnreadableFile(`${path} cannot be read as a SQLite database: ${(error as Error).message}.`)
  }
}

function* rowsOf(records: Iterable<Record<string, unknown>>, columns: string[]): Generator<Row> {
  let line = 0
  for (const record of records) yield { line: ++line, columns, cells: columns.map((name) => record[name]) }
}
