import * as account from '../src/features/account/words.ts'
import * as applications from '../src/features/applications/words.ts'
import * as admin from '../src/features/admin/words.ts'
import * as code from '../src/features/code/words.ts'
import * as devices from '../src/features/devices/words.ts'
import * as email from '../src/features/email/words.ts'
import * as factors from '../src/features/factors/words.ts'
import * as login from '../src/features/login/words.ts'
import * as oauth from '../src/features/oauth/words.ts'
import * as passkeys from '../src/features/passkeys/words.ts'
import * as password from '../src/features/password/words.ts'
import * as register from '../src/features/register/words.ts'
import * as recovery from '../src/features/recovery/words.ts'
import * as session from '../src/features/session/words.ts'
import * as totp from '../src/features/totp/words.ts'
import * as undo from '../src/features/undo/words.ts'
import { type Language, phrases } from '../src/lib/language.ts'
import { fieldTexts, problemTexts } from '../src/pages/problem-texts.ts'
import { labels, shared } from '../src/pages/words.ts'

const [done, problems, fields, label] = [
  phrases({
    ...account.done,
    ...admin.done,
    ...applications.done,
    ...devices.done,
    ...email.done,
    ...passkeys.done,
    ...factors.done,
    ...password.done,
    ...register.done,
    ...session.done,
    ...totp.done,
    ...undo.done,
  }),
  phrases(problemTexts),
  phrases(fieldTexts),
  phrases({ ...labels, ...admin.labels, ...code.labels, ...recovery.labels, ...totp.labels }),
]

const inOne = (language: Language) => ({
  ...shared[language],
  ...account.words[language],
  ...admin.words[language],
  ...code.words[language],
  ...devices.words[language],
  ...email.words[language],
  apps: applications.words[language],
  factors: factors.words[language],
  oauth: oauth.words[language],
  recovery: recovery.words[language],
  totp: totp.words[language],
  ...login.words[language],
  ...passkeys.words[language],
  ...password.words[language],
  ...session.words[language],
  undo: undo.words[language],
  done: done[language],
  problems: problems[language],
  fields: fields[language],
  labels: label[language] as Record<string, string>,
})

/** Everything that the pages say, whichever feature says it. */
export const words = { en: inOne('en'), ko: inOne('ko') }
