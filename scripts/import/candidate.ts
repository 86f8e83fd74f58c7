import * as v from 'valibot'
import { roleList, roleNames } from '../../src/core/users/roles.ts'
import { languages } from '../../src/lib/language.ts'
import { emailAddress } from '../../src/core/passwords/credentials.ts'
import { asciiLower } from '../../src/lib/email.ts'
import type { Field, Mapping } from './columns.ts'
import type { FirebaseProject } from './firebase.ts'
import { firebaseHash, judgeHash, unwrapHash } from '../../src/core/passwords/hashes/index.ts'
import { type Row, UNREADABLE } from './rows.ts'
import { cellsOf, ID, idOf, idText, type Trace, traces } from './ids.ts'
import { flag, names, type Read, text, time, truth } from './values.ts'

/** A row of `users` that is to be written. `id` is null if the database gives one. */
export type User = {
  id: number | null
  email: string
  hashed_password: string | null
  password_set_at: number | null
  email_verified: 0 | 1
  disabled_at: number | null
  roles: string
  language: string | null
  created_at: number
}

export type Candidate = {
  line: number
  user: User
  /** The id as it was in the file, by which the user can be found again. */
  oldId: string | null
  canonical: string
  /** The other spelling by which an older row of this address may be stored. */
  typed: string
  /** Why the password was not taken. The person has to set a new one. */
  lost?: string
  /** Fields whose cell could not be read. The person is taken without them. */
  leftOut?: Field[]
  /** The address had white space around it. */
  trimmed?: true
}

/** A row that is not taken, with what helps to find it again. */
export type Refusal = { line: number; reason: string; field?: Field } & Trace

export type Options = {
  now: number
  withoutPassword: boolean
  newIds: boolean
  firebase: FirebaseProject | undefined
  /** Turns a hash into the text that is stored. The text adds what the operator knows and the hash does not say. */
  asStored?: ((hash: string) => string) | undefined
  /** The zone of times that name none. UTC if undefined. */
  zone?: string | undefined
  /** Whether the operator named the column of roles, so that a truth value in it may stand for `admin`. */
  rolesNamed?: boolean
  /** Fields that some row of the file has. In an object without the member, the field counts as empty. */
  fieldsOfFile?: ReadonlySet<Field>
}

/** A row is taken without these if they cannot be read: nobody gains anything by that. */
const DISPENSABLE: ReadonlySet<Field> = new Set(['language', 'created_at'])

/** Judges one row by itself. Conflicts with other rows are judged elsewhere. */
export function candidate(row: Row, mapping: Mapping, options: Options): Candidate | Refusal {
  const { line } = row
  const cell = cellsOf(row, mapping)
  const refused = (reason: string, field?: Field): Refusal => ({
    line,
    reason,
    ...(field && { field }),
    ...traces(cell('id'), cell('email')),
  })
  if ('fault' in row) return refused(row.fault)

  const raw = text(cell('email'))
  const typed = typeof raw === 'string' ? raw.trim() : raw
  if (typed === null || typed === '') return refused('email_missing')
  const parsed = v.safeParse(emailAddress, typed)
  if (!parsed.success || typed === UNREADABLE) return refused('email_malformed')

  const leftOut: Field[] = []
  let unreadable: Field | undefined
  const read = <T>(field: Field, reader: (cell: unknown) => Read<T>): T | null => {
    const value = reader(cell(field))
    if (value !== UNREADABLE) return value
    if (DISPENSABLE.has(field)) leftOut.push(field)
    else unreadable ??= field
    return null
  }
  const { now, zone } = options
  const flagIn = (value: unknown) => flag(value, zone)
  const timeIn = (value: unknown) => time(value, zone)
  const guessed = options.rolesNamed !== true && truth(cell('roles')) === true
  if (guessed) leftOut.push('roles')
  const has = (field: Field): boolean => mapping.has(field) || options.fieldsOfFile?.has(field) === true
  // An empty cell means no: not active, not verified.
  const inactive = (read('active', flagIn) !== true && has('active')) || (read('banned_until', timeIn) ?? 0) > now
  const deleted = read('deleted_at', flagIn)
  const user = {
    id: null,
    email: spelled(typed, parsed.output),
    hashed_password: null,
    password_set_at: read('password_set_at', timeIn),
    email_verified: read('email_verified', flagIn) || !has('email_verified') ? 1 : 0,
    disabled_at: read('disabled_at', (value) => disabledAt(value, now, zone)) ?? (inactive ? now : null),
    roles: (guessed ? null : read('roles', rolesOf)) ?? '[]',
    language: languageOf(read('language', text)),
    created_at: read('created_at', timeIn) ?? now,
  } satisfies User
  if (unreadable) return refused('unreadable_value', unreadable)
  if (deleted) return refused('deleted')

  // An object without this member may have its password under another name.
  if (!mapping.has('hashed_password') && !options.withoutPassword) return refused('password_missing')
  const hash = hashOf(cell('hashed_password'), cell('salt'), options)
  if ('refused' in hash && !options.withoutPassword) return refused(`password_${hash.refused}`)
  const hashed_password = 'hash' in hash ? hash.hash : null
  const password_set_at = hashed_password === null ? null : user.password_set_at
  const oldId = idText(cell('id'))
  if (oldId !== null && !ID.test(oldId)) return refused('unreadable_value', 'id')
  return {
    line,
    oldId,
    canonical: parsed.output,
    typed: asciiLower(typed),
    ...('refused' in hash && { lost: hash.refused }),
    ...(leftOut.length > 0 && { leftOut }),
    ...(typed !== raw && { trimmed: true as const }),
    user: { ...user, id: options.newIds ? null : idOf(oldId), hashed_password, password_set_at },
  }
}

/** The language of a tag such as `ko-KR`, if we have it. */
const languageOf = (tag: string | null): string | null =>
  languages.find((language) => language === tag?.toLowerCase().split(/[-_]/, 1)[0]) ?? null

/** Keeps upper and lower case, and puts an international domain into its ASCII form. */
function spelled(typed: string, canonical: string): string {
  if (asciiLower(typed) === canonical) return typed
  return typed.slice(0, typed.lastIndexOf('@')) + canonical.slice(canonical.lastIndexOf('@'))
}

function disabledAt(cell: unknown, now: number, zone: string | undefined): Read<number> {
  const plainly = truth(cell)
  if (plainly !== UNREADABLE) return plainly ? now : null
  const at = time(cell, zone)
  return typeof at === 'number' ? Math.min(at, now) : at
}

/** Names, or a truth value that stands for the role `admin`. */
function rolesOf(cell: unknown): Read<string> {
  const admin = truth(cell)
  const roles = admin === UNREADABLE ? (names(cell) ?? []) : admin ? ['admin'] : []
  return v.is(roleNames, roles) ? roleList(roles) : UNREADABLE
}

function hashOf(
  cell: unknown,
  salt: unknown,
  { firebase, asStored = (hash) => hash }: Options,
): { hash: string | null } | { refused: string } {
  // Auth0 writes an object with the algorithm and the hash.
  const nested = (cell as { hash?: { value?: unknown } } | null | undefined)?.hash?.value
  const value = text(nested ?? cell)
  if (value === UNREADABLE) return { refused: 'malformed' }
  // PostgreSQL writes bytes as \x and hexadecimal, Python's str() as b'...'.
  const ofBytes = value && /^\\x([0-9a-f]{2})+$/.test(value) ? Buffer.from(value.slice(2), 'hex').toString() : value
  const stored = ofBytes && unwrapHash(ofBytes.trim()) // columns of CHAR are padded with blanks
  const salted = text(salt)
  const ofFirebase = stored !== null && typeof salted === 'string' && firebase
  const hash = ofFirebase
    ? firebaseHash({ ...firebase, salt: salted, password_hash: stored })
    : stored && asStored(stored)
  const judged = judgeHash(hash)
  if (judged.verdict !== 'refused') return { hash: judged.verdict === 'accepted' ? hash : null }
  if (typeof salted === 'string' && !ofFirebase) return { refused: 'salt_apart' }
  return { refused: [judged.format?.replace(/\W+/g, '_'), judged.reason].filter(Boolean).join('_') }
}
