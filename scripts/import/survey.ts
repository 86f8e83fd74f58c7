import { judgeHash } from '../../src/core/passwords/hashes/index.ts'
import type { Field, Mapping } from './columns.ts'
import { highestIdIn } from './ids.ts'
import type { Columns, Mapper } from './mapper.ts'
import { type GoodRow, UnreadableFile } from './rows.ts'
import type { Source } from './source.ts'
import { text } from './values.ts'

/**
 * Reads a file from end to end, so that what speaks against the whole file is said before anything is written. Returns the
 * highest id in any row, good or broken, or 0, and the fields that some row has.
 * @throws UnreadableFile
 */
export function survey(source: Source, mapping: Mapper, columns: Columns): { highestId: number; fields: Set<Field> } {
  const unseen = new Set([...columns.named.values(), ...(columns.ignored ?? [])])
  let [rows, highestId] = [0, 0]
  let last: Mapping | undefined
  const fields = new Set<Field>()
  for (const row of source.rows) {
    rows++
    const found = mapping(row)
    highestId = Math.max(highestId, highestIdIn(row, found))
    if ('fault' in row) {
      if (source.format === 'json' && row.fault === 'malformed_json' && row.text === undefined)
        throw brokenOff(row.line)
      continue
    }
    if (last === undefined) columns.describe?.(row.columns, found)
    if (found !== last) for (const field of (last = found).keys()) fields.add(field)
    if (unseen.size > 0) for (const name of row.columns) unseen.delete(name)
    if (!columns.hashesExplained) refuseHmac(row, found.get('hashed_password'))
  }
  if (rows === 0 && !source.knowsEmpty) throw new UnreadableFile('There is no row in this file.')
  if (rows > 0 && unseen.size > 0) throw new UnreadableFile(`There is no column ${[...unseen].join(', ')}.`)
  return { highestId, fields }
}

/** Nobody knows how many rows follow, and which ids they have. */
const brokenOff = (line: number): UnreadableFile =>
  new UnreadableFile(
    `This is no JSON from line ${line} on. A list has commas between its objects; or write one object to a line.`,
  )

/**
 * Flask-Security hashes an HMAC of the password unless it is told not to. Its bcrypt hashes look like any others, and would
 * match no password. Its tables are recognized by columns that nobody else has.
 */
function refuseHmac({ columns, cells }: GoodRow, at = -1): void {
  const has = (name: string) => columns.includes(name)
  if (!has('fs_uniquifier') && !(has('login_count') && has('current_login_ip'))) return
  const hash = text(cells[at])
  if (typeof hash !== 'string' || judgeHash(hash).verdict !== 'accepted') return
  throw new UnreadableFile(
    'This is a table of Flask-Security, whose hashes are of an HMAC of the password. Give its SECURITY_PASSWORD_SALT with ' +
      '--flask-security-salt <file>, or say --plain-hashes if SECURITY_PASSWORD_SINGLE_HASH was set.',
  )
}
