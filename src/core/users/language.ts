import { type Sql, sql } from '../../lib/sql.ts'
import type { Origin } from '../origin.ts'

/**
 * The statement that gives an account the language that its user has chosen on a page: mails to it are in that language,
 * those that wait included. There is none if the language is only what the browser accepts.
 */
export const keepLanguage = ({ language, chosen }: Pick<Origin, 'language' | 'chosen'>, users: Sql): Sql[] =>
  chosen ? [sql`UPDATE users SET language = ${language} WHERE ${users} AND language IS NOT ${language}`] : []
