import type { Language } from '../core/audit.ts'
import type { Problem, ProblemCode } from '../core/problem.ts'
import { en } from './words.en.ts'
import { ko } from './words.ko.ts'

/** What somebody may have just done, as `?done=` says after a redirect. */
export type Done =
  | 'changed'
  | 'confirmed'
  | 'deleted'
  | 'device'
  | 'email'
  | 'forgotten'
  | 'password'
  | 'registered'
  | 'reset'
  | 'sessions'
  | 'verified'

/** Why a field was refused: the codes of the schemas in `core/credentials.ts`. */
export type FieldCode = 'malformed' | 'required' | 'too_common' | 'too_long' | 'too_short'

/** What the pages say, in one language. */
export type Words = {
  /** The language, by its own name. */
  name: string
  signedInAs: (email: string) => string
  /** Of fields, by their names in forms. */
  labels: Record<string, string>
  done: Record<Done, string>
  problems: Record<ProblemCode, string>
  fields: Record<FieldCode, string>
} & Record<Phrase, string>

type Phrase =
  | 'account'
  | 'administration'
  | 'asTable'
  | 'audit'
  | 'by'
  | 'changeEmail'
  | 'changeEmailHow'
  | 'changePassword'
  | 'changePasswordHow'
  | 'checkMail'
  | 'confirm'
  | 'confirmWhy'
  | 'created'
  | 'data'
  | 'dataIs'
  | 'day'
  | 'deleteAccount'
  | 'deleteMeans'
  | 'deleteShort'
  | 'devices'
  | 'devicesAre'
  | 'disable'
  | 'disabled'
  | 'download'
  | 'enable'
  | 'end'
  | 'endAll'
  | 'endOthers'
  | 'error'
  | 'failures'
  | 'forceReset'
  | 'forget'
  | 'forgot'
  | 'forgotHow'
  | 'goOn'
  | 'hide'
  | 'highest'
  | 'language'
  | 'lastUsed'
  | 'leave'
  | 'liveSessions'
  | 'logins'
  | 'loginsByDay'
  | 'mailHelp'
  | 'next'
  | 'noDevices'
  | 'noPassword'
  | 'notDone'
  | 'nothing'
  | 'numbers'
  | 'passwordHint'
  | 'register'
  | 'rolesHint'
  | 'search'
  | 'sendLink'
  | 'sessions'
  | 'sessionsAre'
  | 'setPassword'
  | 'setRoles'
  | 'show'
  | 'signIn'
  | 'signOut'
  | 'signedIn'
  | 'thisDevice'
  | 'unknownDevice'
  | 'unlock'
  | 'unverified'
  | 'users'
  | 'verified'
  | 'verify'
  | 'wrongPassword'

export const words: Record<Language, Words> = { en, ko }

/** The fields of a form that are wrong, each once, in words. What is no field of a form is left out. */
export function fieldProblems({ errors = [] }: Problem, say: Words): { field: string; text: string }[] {
  return errors
    .filter(({ field, code }) => Object.hasOwn(say.labels, field) && Object.hasOwn(say.fields, code))
    .filter(({ field }, i, all) => all.findIndex((other) => other.field === field) === i)
    .map(({ field, code }) => ({ field, text: say.fields[code as FieldCode] }))
}
