import * as v from 'valibot'
import { MAX_ROLES, ROLE_FORM } from '../../src/core/administration.ts'
import { languages } from '../../src/core/audit.ts'
import { emailAddress } from '../../src/core/credentials.ts'
import { asciiLower } from '../../src/lib/email.ts'
import type { Field, Mapping } from './columns.ts'
import type { FirebaseProject } from './firebase.ts'
import { firebaseHash, judgeHash } from '../../src/core/hashes/index.ts'
import { type GoodRow, UNREADABLE } from './rows.ts'
import { flag, names, type Read, text, time } from './values.ts'

/** A row of `users` to be. `id` is null where the database gives one. */
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
  /** As it was in the file, for whoever has to find the user again. */
  oldId: string | null
  canonical: string
  /** The other spelling by which an older row of this address may be stored. */
  typed: string
  /** Why the password stayed behind, where the person has to set a new one. */
  lost?: string
}

export type Refusal = { line: number; reason: string; field?: Field }

export type Options = {
  now: number
  withoutPassword: boolean
  newIds: boolean
  firebase: FirebaseProject | undefined
}

/** Leaves room above for the ids of new users: 15 digits are what `/admin` takes, and exact in JavaScript. */
const MAX_ID = 2 ** 48

/** Judges one row by itself. What it may conflict with is judged elsewhere. */
export function candidate(row: GoodRow, mapping: Mapping, options: Options): Candidate | Refusal {
  const { line } = row
  const cell = (field: Field): unknown => {
    const at = mapping.get(field)
    return at === undefined ? undefined : row.cells[at]
  }

  const typed = text(cell('email'))
  if (typed === null) return { line, reason: 'email_missing' }
  const parsed = v.safeParse(emailAddress, typed)
  if (!parsed.success || typed === UNREADABLE) return { line, reason: 'email_malformed' }

  let unreadable: Field | undefined
  const read = <T>(field: Field, reader: (cell: unknown) => Read<T>): T | null => {
    const value = reader(cell(field))
    if (value !== UNREADABLE) return value
    unreadable ??= field
    return null
  }
  const { now } = options
  const inactive = read('active', flag) === false || (read('banned_until', time) ?? 0) > now
  const deleted = read('deleted_at', flag)
  const user = {
    id: null,
    email: spelled(typed, parsed.output),
    hashed_password: null,
    password_set_at: read('password_set_at', time),
    email_verified: read('email_verified', flag) || !mapping.has('email_verified') ? 1 : 0,
    disabled_at: read('disabled_at', (value) => disabledAt(value, now)) ?? (inactive ? now : null),
    roles: read('roles', rolesOf) ?? '[]',
    language: languageOf(read('language', text)),
    created_at: read('created_at', time) ?? now,
  } satisfies User
  if (unreadable) return { line, reason: 'unreadable_value', field: unreadable }
  if (deleted) return { line, reason: 'deleted' }

  // An object that does not name a password at all may name it otherwise.
  if (!mapping.has('hashed_password') && !options.withoutPassword) return { line, reason: 'password_missing' }
  const hash = hashOf(cell('hashed_password'), cell('salt'), options.firebase)
  if ('refused' in hash && !options.withoutPassword) return { line, reason: `password_${hash.refused}` }
  const hashed_password = 'hash' in hash ? hash.hash : null
  const password_set_at = hashed_password === null ? null : user.password_set_at
  const oldId = idText(cell('id'))
  return {
    line,
    oldId,
    canonical: parsed.output,
    typed: asciiLower(typed),
    ...('refused' in hash && { lost: hash.refused }),
    user: { ...user, id: options.newIds ? null : idOf(oldId), hashed_password, password_set_at },
  }
}

/** Of a tag such as `ko-KR`, if we speak it. */
const languageOf = (tag: string | null): string | null =>
  languages.find((language) => language === tag?.toLowerCase().split(/[-_]/, 1)[0]) ?? null

/** Keeps upper and lower case, and puts an international domain into its ASCII form. */
function spelled(typed: string, canonical: string): string {
  if (asciiLower(typed) === canonical) return typed
  return typed.slice(0, typed.lastIndexOf('@')) + canonical.slice(canonical.lastIndexOf('@'))
}

function idText(cell: unknown): string | null {
  const value = text(typeof cell === 'object' && cell !== null && '$oid' in cell ? cell.$oid : cell)
  return value === UNREADABLE ? null : value
}

function idOf(text: string | null): number | null {
  const id = /^[1-9]\d{0,15}$/.test(text ?? '') ? Number(text) : 0
  return id > 0 && id <= MAX_ID ? id : null
}

function disabledAt(cell: unknown, now: number): Read<number> {
  const disabled = flag(cell)
  if (disabled === UNREADABLE || !disabled) return disabled === UNREADABLE ? UNREADABLE : null
  const at = time(cell)
  return typeof at === 'number' && at > 1 ? Math.min(at, now) : now
}

function rolesOf(cell: unknown): Read<string> {
  const roles = names(cell) ?? []
  if (roles === UNREADABLE || roles.length > MAX_ROLES) return UNREADABLE
  return roles.every((role) => ROLE_FORM.test(role)) ? JSON.stringify([...new Set(roles)].sort()) : UNREADABLE
}

function hashOf(
  cell: unknown,
  salt: unknown,
  firebase: FirebaseProject | undefined,
): { hash: string | null } | { refused: string } {
  // Auth0 writes an object with the algorithm and the hash.
  const nested = (cell as { hash?: { value?: unknown } } | null | undefined)?.hash?.value
  const value = text(nested ?? cell)
  if (value === UNREADABLE) return { refused: 'malformed' }
  // PostgreSQL writes bytes as \x and hexadecimal.
  const stored = value && /^\\x([0-9a-f]{2})+$/.test(value) ? Buffer.from(value.slice(2), 'hex').toString() : value
  const salted = text(salt)
  const ofFirebase = stored !== null && typeof salted === 'string' && firebase
  const hash = ofFirebase ? firebaseHash({ ...firebase, salt: salted, password_hash: stored }) : stored
  const judged = judgeHash(hash)
  if (judged.verdict !== 'refused') return { hash: judged.verdict === 'accepted' ? hash : null }
  if (typeof salted === 'string' && !ofFirebase) return { refused: 'salt_apart' }
  return { refused: [judged.format?.replace(/\W+/g, '_'), judged.reason].filter(Boolean).join('_') }
}
