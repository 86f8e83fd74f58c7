import { UnreadableFile } from './rows.ts'

/** What other systems call a column, in the order of preference, without case, underscores and hyphens. */
const KNOWN = {
  id: ['id', 'userid', 'uid', 'localid', 'oid'],
  email: ['email', 'emailaddress', 'mail'],
  hashed_password: [
    'hashedpassword',
    'passwordhash',
    'custompasswordhash',
    'encryptedpassword',
    'passworddigest',
    'password',
  ],
  salt: ['salt'],
  password_set_at: ['passwordsetat'],
  email_verified: [
    'emailverified',
    'emailconfirmed',
    'emailconfirmedat',
    'emailverifiedat',
    'isverified',
    'verified',
    'confirmedat',
  ],
  disabled_at: ['disabledat', 'disabled', 'isdisabled', 'blocked', 'banned'],
  banned_until: ['banneduntil'],
  active: ['isactive', 'active', 'enabled', 'isenabled'],
  deleted_at: ['deletedat', 'isdeleted'],
  roles: ['roles'],
  language: ['language', 'lang', 'locale', 'preferredlanguage'],
  created_at: ['createdat', 'datejoined', 'created', 'createdon', 'registeredat', 'joinedat'],
} as const

export type Field = keyof typeof KNOWN
export const fields = Object.keys(KNOWN) as Field[]

/** Where each field stands in a row, from 0. */
export type Mapping = ReadonlyMap<Field, number>

/** The columns of our own export. */
export const EXPORTED = 'id,email,hashed_password,password_set_at,email_verified,disabled_at,roles,language,created_at'

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/**
 * Finds the fields among the columns by what they are usually called, and as `named` says. `password_set_at` is taken from
 * our own export alone: it changes how a hash is compared.
 */
export function mappingOf(columns: readonly string[], named: ReadonlyMap<Field, string>): Mapping {
  const byName = new Map(columns.map((name, i) => [plain(name), i]))
  const mapping = new Map<Field, number>()
  for (const field of fields) {
    const wanted = named.get(field)
    const at = wanted === undefined ? firstOf(KNOWN[field], byName) : columns.indexOf(wanted)
    if (at !== undefined && at >= 0) mapping.set(field, at)
  }
  if (String(columns) !== EXPORTED) mapping.delete('password_set_at')
  return mapping
}

function firstOf(names: readonly string[], byName: ReadonlyMap<string, number>): number | undefined {
  const found = names.find((name) => byName.has(name))
  return found === undefined ? undefined : byName.get(found)
}

/** Reads `--map field=column`. @throws UnreadableFile */
export function namedColumns(options: readonly string[]): Map<Field, string> {
  return new Map(
    options.map((option) => {
      const [field, column] = [option.slice(0, option.indexOf('=')), option.slice(option.indexOf('=') + 1)]
      if (!fields.includes(field as Field) || column === '' || field === 'password_set_at') {
        const possible = fields.filter((name) => name !== 'password_set_at').join(', ')
        throw new UnreadableFile(`--map takes field=column, and the fields are ${possible}.`)
      }
      return [field as Field, column]
    }),
  )
}
