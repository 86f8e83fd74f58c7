import type { Config } from '../../config.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { Problem } from '../../problem.ts'
import type { Call, Method, Registry } from '../call.ts'
import { hasRole, SUPPORT } from './roles.ts'
import { type Asking, CODE, isEnough, isPossession, USER_VERIFICATION, type Way, waysLeft } from './ways.ts'

/** The method that replaces a lost factor. An account that has nothing else does not ask for two. */
export const RECOVERY = 'recovery'

/** Whether the settings demand two factors of a user with these roles. */
export const demandsTwo = ({ SECOND_FACTOR }: Config, roles: readonly string[]): boolean =>
  SECOND_FACTOR === 'everyone' || (SECOND_FACTOR === 'admins' && hasRole(roles, SUPPORT))

/** The methods that the settings allow. */
export const methodsOn = ({ registry, settings }: Pick<Call, 'registry' | 'settings'>): Method[] =>
  registry.methods
    .filter(({ isOn }) => isOn?.(settings) ?? true)
    .map((method) => (method.beginsUnder ? { ...method, begins: method.beginsUnder(settings) } : method))

/** @throws Problem 403 `second_factors_off` where the settings say that nobody enrols one */
export function requireSecondFactors({ SECOND_FACTOR }: Config): void {
  if (SECOND_FACTOR === 'off') throw new Problem('second_factors_off')
}

/** The next step of a sign-in: the code of the refusal, and the methods that the user may show or enrol. */
export type Need = { code: 'second_factor_required' | 'second_factor_enrolment_required'; methods: string[] }

/** What a sign-in still needs after these methods; undefined if nothing. */
export function needOf(
  call: Pick<Call, 'registry' | 'settings'>,
  user: Asking & { roles: readonly string[] },
  shown: readonly string[],
): Need | undefined {
  const demanded = demandsTwo(call.settings, user.roles)
  if (isEnough(shown, user, call.registry.methods, demanded)) return undefined
  const on = methodsOn(call)
  const methods = waysLeft(shown, user, on, demanded)
  if (methods.length > 0 || !demanded) return { code: 'second_factor_required', methods }
  const code = 'second_factor_enrolment_required'
  if (!shown.includes(CODE)) return { code, methods: [CODE] }
  const completes = (way: Way): boolean => isEnough([...shown, ...mostOf(way)], user, on, demanded)
  return { code, methods: on.filter((method) => method.enrols && completes(method)).map(({ name }) => name) }
}

/** The most that a method can show. */
const mostOf = ({ name, kind }: Way): string[] => [name, ...(kind === 'both' ? [USER_VERIFICATION] : [])]

/** The statement that makes an account ask for a second factor from now on. Of one that asks already, it changes nothing. */
export const askForTwo = ({ now }: Pick<Call, 'now'>, mine: Sql): Sql =>
  sql`UPDATE users SET second_factor_at = iif(second_factor = 1, second_factor_at, ${now}), second_factor = 1 WHERE ${mine}`

/**
 * The statements that stop asking for a second factor once an account has none left. Its recovery codes go too. Put them
 * after the statement that removes the factor.
 */
export function askNoMore({ registry: { methods } }: Having, user_id: Sql | number): Sql[] {
  const left = methods.filter((method) => isPossession(method) && method.name !== RECOVERY)
  const count = left.reduce((sum, { ways }) => sql`${sum} + ${ways}`, sql`0`)
  return stopAsking(sql`id = ${user_id} AND ${count} = 0`)
}

/** A call, or a command that knows the methods alone. */
type Having = { registry: Pick<Registry, 'methods'> }

/** The statements that stop asking for a second factor, for the users that a condition selects. */
export const stopAsking = (users: Sql): Sql[] => [
  sql`DELETE FROM recovery_codes WHERE user_id IN (SELECT id FROM users WHERE ${users})`,
  sql`UPDATE users SET second_factor = 0 WHERE ${users}`,
]
