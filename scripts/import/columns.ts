import { UnreadableFile } from './rows.ts'

/**
 * What other systems call a column, in lower case, without underscores and hyphens. The first group that has a match counts.
 * Two matches within a group are ambiguous.
 */
const KNOWN = {
  id: [['id', 'userid'], ['uid'], ['localid'], ['oid']],
  email: [['email', 'emailaddress', 'mail']],
  hashed_password: [
    ['hashedpassword', 'passwordhash', 'custompasswordhash', 'encryptedpassword', 'passworddigest', 'password'],
  ],
  salt: [['salt']],
  password_set_at: [['passwordsetat']],
  email_verified: [
    [
      'emailverified',
      'emailconfirmed',
      'emailconfirmedat',
      'emailverifiedat',
      'isemailverified',
      'isemailconfirmed',
      'isverified',
      'verified',
      'verifiedat',
      'isconfirmed',
      'confirmed',
    ],
    ['confirmedat'], // Supabase has it beside `email_confirmed_at`, and it may be the telephone's
  ],
  disabled_at: [
    [
      'disabledat',
      'disabled',
      'isdisabled',
      'blocked',
      'isblocked',
      'blockedat',
      'banned',
      'isbanned',
      'bannedat',
      'suspended',
      'issuspended',
      'suspendedat',
      'deactivated',
      'isdeactivated',
      'deactivatedat',
    ],
  ],
  banned_until: [['banneduntil']],
  active: [['isactive', 'active', 'enabled', 'isenabled']],
  deleted_at: [['deletedat', 'isdeleted', 'deleted']],
  roles: [['roles']],
  language: [['language'], ['lang'], ['locale'], ['preferredlanguage']],
  created_at: [['createdat'], ['datejoined'], ['created'], ['createdon'], ['registeredat'], ['joinedat']],
} as const

export type Field = keyof typeof KNOWN
export const fields = Object.keys(KNOWN) as Field[]

/** The position of each field in a row, from 0. */
export type Mapping = ReadonlyMap<Field, number>

/** The columns of our own export. */
export const EXPORTED = 'id,email,hashed_password,password_set_at,email_verified,disabled_at,roles,language,created_at'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/**
 * Finds the fields among the columns, by their usual names or as `named` says. Ignored columns do not count.
 * `password_set_at` is read from our own export alone, because it changes how a hash is compared.
 * @throws UnreadableFile if two columns could be the same field
 */
export function mappingOf(
  columns: readonly string[],
  named: ReadonlyMap<Field, string>,
  ignored: ReadonlySet<string> = new Set(),
): Mapping {
  const read = columns.map((name, at) => ({ name, at })).filter(({ name }) => !ignored.has(name))
  const mapping = new Map<Field, number>()
  for (const field of fields) {
    const wanted = named.get(field)
    const found = wanted === undefined ? usual(field, read) : read.filter(({ name }) => name === wanted)
    const [first, second] = found
    if (second) throw new UnreadableFile(ambiguous(field, first!.name, second.name))
    if (first) mapping.set(field, first.at)
  }
  if (String(columns) !== EXPORTED) mapping.delete('password_set_at')
  return mapping
}

function usual(field: Field, read: readonly { name: string; at: number }[]) {
  for (const group of KNOWN[field] as readonly (readonly string[])[]) {
    const found = read.filter(({ name }) => group.includes(plain(name)))
    if (found.length > 0) return found
  }
  return []
}

const ambiguous = (field: Field, one: string, other: string): string =>
  one === other
    ? `Two columns are called ${one}: rename one of them.`
    : `Both ${one} and ${other} could be ${field}. Choose with --map ${field}=${one} or --map ${field}=${other}.`

/** Reads `--map field=column`. @throws UnreadableFile */
export function namedColumns(options: readonly string[]): Map<Field, string> {
  const columns = new Map<Field, string>()
  for (const option of options) {
    const [field, column] = [option.slice(0, option.indexOf('=')), option.slice(option.indexOf('=') + 1)]
    if (!option.includes('=') || !fields.includes(field as Field) || column === '' || field === 'password_set_at') {
      const possible = fields.filter((name) => name !== 'password_set_at').join(', ')
      throw new UnreadableFile(`--map takes field=column, and the fields are ${possible}.`)
    }
    if (columns.has(field as Field)) throw new UnreadableFile(`--map names two columns for ${field}.`)
    columns.set(field as Field, column)
  }
  return columns
}
