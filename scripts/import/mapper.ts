import { type Field, type Mapping, mappingOf } from './columns.ts'
import { type Row, UnreadableFile } from './rows.ts'
import type { Source } from './source.ts'

/** What the operator said of the columns of a file. */
export type Columns = {
  /** Fields whose column was named. */
  named: ReadonlyMap<Field, string>
  /** Columns that are not to be read. */
  ignored?: ReadonlySet<string> | undefined
  withoutPassword: boolean
  /** What was done to passwords before they were hashed is known. */
  hashesExplained?: boolean | undefined
  /** Is told what the columns of the first row are taken for. */
  describe?: ((columns: readonly string[], mapping: Mapping) => void) | undefined
}

export type Mapper = (row: Row) => Mapping

const NONE: Mapping = new Map()

/**
 * Finds the fields of each row. Rows of one file mostly have the same columns, so the answer is kept.
 * @throws UnreadableFile if a column is missing that was named or is needed, or if two could be the same field
 */
export function mapper(source: Source, { named, ignored, withoutPassword }: Columns): Mapper {
  const objects = source.format === 'json' || source.format === 'jsonl'
  if ([...(ignored ?? [])].some((name) => mappingOf([name], new Map()).has('id'))) {
    throw new UnreadableFile(
      'The ids of the file are needed, so that nobody new is given one. To keep none, say --new-ids.',
    )
  }
  const both = [...named.values()].find((name) => ignored?.has(name))
  if (both !== undefined) throw new UnreadableFile(`The column ${both} is named by both --map and --ignore.`)
  let last: { columns: readonly string[]; mapping: Mapping } | undefined
  return (row) => {
    const { columns } = row
    if (columns === undefined) return NONE
    if (last && (last.columns === columns || (objects && String(last.columns) === String(columns)))) return last.mapping
    if (objects && 'fault' in row) return guessed(columns)
    // Objects may leave out what they have no value for.
    if (!objects) refuseMissing(columns)
    const mapping = mappingOf(columns, named, ignored)
    if (!objects) refuseIncomplete(columns, mapping)
    last = { columns, mapping }
    return mapping
  }

  /** The fields of what is left of a broken object. They only help to find it again, and keep its id from others. */
  function guessed(columns: readonly string[]): Mapping {
    try {
      return mappingOf(columns, named, ignored)
    } catch {
      return NONE
    }
  }

  function refuseMissing(columns: readonly string[]): void {
    if (columns.length === 0) {
      throw new UnreadableFile(
        'This dump does not name its columns: write it with CREATE TABLE, or with --complete-insert or --column-inserts.',
      )
    }
    const missing = [...named.values(), ...(ignored ?? [])].find((name) => !columns.includes(name))
    if (missing) throw new UnreadableFile(`There is no column ${missing}. ${listed(columns)}`)
  }

  function refuseIncomplete(columns: readonly string[], mapping: Mapping): void {
    if (!mapping.has('email')) {
      throw new UnreadableFile(`No column is known as an address: name it with --map email=. ${listed(columns)}`)
    }
    if (!withoutPassword && !mapping.has('hashed_password')) {
      throw new UnreadableFile(
        'No column is known as a password: name it with --map hashed_password=, or say --without-password. ' +
          listed(columns),
      )
    }
  }
}

/** The names of the columns. An odd one is not shown, because it may be a cell of a file without names. */
const listed = (columns: readonly string[]): string =>
  `Columns: ${columns.map((name) => (/^[\p{L}\p{N}_][\p{L}\p{N}_ .-]{0,40}$/u.test(name) ? name : '?')).join(', ')}.`
