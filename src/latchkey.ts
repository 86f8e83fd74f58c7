/**
 * What your own code imports as `#latchkey`. The names in this file stay the same across versions; the code behind them
 * may move.
 */
import type { Hono } from 'hono'
import type { Schema } from 'hono/types'
import type { Feature } from './core/call.ts'
import type { AppEnv } from './http/app-env.ts'

/** What `src/yours/index.ts` exports as `yours`. */
export type Yours = Feature & { routes: Hono<AppEnv, Schema, string> }

export type { AppEnv, Feature }
export type { ClaimsAbout, CustomClaims, Resource } from './core/call.ts'
export { all, batch, first } from './core/d1.ts'
export type { MailKind, MailWords } from './core/mail/compose.ts'
export { type MailContent, type MailLayout, mailLayout, type MailPart } from './core/mail/layout.tsx'
export type { Session } from './core/sessions/session.ts'
export { body, check, form } from './http/body.ts'
export {
  factorRequired,
  freshLogin,
  type Guarded,
  loginRequired,
  offline,
  roleRequired,
  strictLogin,
} from './http/guard.ts'
export { type Access, type Accessed, requireScope, resourceRequired } from './http/resource.ts'
export { languageOf } from './http/origin.ts'
export { query } from './http/query.ts'
export { type Sql, sql } from './lib/sql.ts'
export { now } from './lib/time.ts'
export { pageLoginRequired, showPage } from './pages/own-page.tsx'
export { Problem } from './problem.ts'
