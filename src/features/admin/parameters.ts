import * as v from 'valibot'
import { roleName, roleNames } from '../../core/users/roles.ts'
import { emailAddress, newPassword } from '../../core/passwords/credentials.ts'
import { Problem } from '../../problem.ts'
import { cursor, pageLimit, whole } from '../../http/query.ts'
import { canonicalEmail, isDomain } from '../../lib/email.ts'
import { languages } from '../../lib/language.ts'

export const rolesBody = v.object({ roles: roleNames })

export const newUser = v.object({
  email: emailAddress,
  password: v.optional(newPassword),
  roles: v.optional(roleNames, []),
  email_verified: v.optional(v.boolean(), false),
  language: v.optional(v.picklist(languages)),
})

/** The user id in a path. @throws Problem 404 `not_found` if it is not a number */
export function idOf(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Problem('not_found')
  return Number(text)
}

const id = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const seconds = whole(0, 99_999_999_999)

/** The beginning of an address. Of an international domain, whole labels only. */
const prefix = v.pipe(
  v.string(),
  v.trim(),
  v.maxLength(320, 'too_long'),
  v.check((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'malformed'),
  v.transform(canonicalEmail),
)

const flag = v.optional(
  v.pipe(
    v.literal('true'),
    v.transform(() => true),
  ),
)

/**
 * `factor`: the name of a method, `any` or `none`. A cursor is valid only for the filter it came from: with an address
 * prefix it starts with that prefix, otherwise it is an id.
 */
export const userFilter = v.pipe(
  v.strictObject({
    email: v.optional(prefix),
    role: v.optional(roleName),
    factor: v.optional(v.pipe(v.string(), v.regex(/^\w{1,32}$/, 'malformed'))),
    disabled: flag,
    unverified: flag,
    invited: flag,
    cursor: v.optional(cursor(v.union([id, v.string()]))),
    limit: pageLimit,
  }),
  v.forward(
    v.partialCheck(
      [['email'], ['cursor']],
      ({ email, cursor }) =>
        cursor === undefined ||
        (email === undefined || isDomain(email)
          ? typeof cursor === 'number'
          : typeof cursor === 'string' && cursor.startsWith(email)),
      'malformed',
    ),
    ['cursor'],
  ),
)
export type UserFilter = v.InferOutput<typeof userFilter>

/** Times in seconds since 1970. `from` is inclusive, `to` is exclusive. */
export const eventFilter = v.strictObject({
  user_id: v.optional(whole(0, 999_999_999_999_999)),
  event: v.optional(v.pipe(v.string(), v.regex(/^[a-z_]{1,64}$/, 'malformed'))),
  actor: v.optional(v.pipe(v.string(), v.regex(/^(user|cli):[^\p{Cc}]{1,64}$/u, 'malformed'))),
  from: v.optional(seconds, '0'),
  to: v.optional(seconds, '99999999999'),
  cursor: v.optional(cursor(v.strictTuple([id, id]))),
  limit: pageLimit,
})
export type EventFilter = v.InferOutput<typeof eventFilter>

/** The same for an export, which has its own limit. */
export const exportFilter = v.omit(eventFilter, ['limit'])
export type ExportFilter = v.InferOutput<typeof exportFilter>

export const statsFilter = v.strictObject({ days: v.optional(whole(1, 90), '30') })
