import type { Config } from '../config.ts'
import type { Sql } from '../lib/sql.ts'
import type { Html } from '../lib/jsx-runtime.ts'
import type { Translated } from '../lib/language.ts'
import type { Events } from './events/declaration.ts'
import type { Mail, OwnMails } from './mail/compose.ts'
import type { Origin } from './origin.ts'
import type { Proof } from './proof.ts'
import type { Ticket } from './ticket.ts'
import type { Way } from './users/ways.ts'
import type { Session } from './sessions/session.ts'
import type { User } from './users/users.ts'

/**
 * Who calls, from where, when, and under which settings. Created once for each request and each command of the command
 * line. The first argument of every use-case.
 */
export type Call<Reach extends DatabaseAlone = Env> = {
  env: Reach
  settings: Config
  origin: Origin
  /** Whole seconds. */
  now: number
  /** The outboxes that this call has written to. They are delivered after the response. */
  due: Set<'mail' | 'events'>
  registry: Registry
}

/** A call by a signed-in user. */
export type SignedInCall = Call & { session: Session }

/** A call with access to the database only, such as those of the command line. */
export type DatabaseCall = Omit<Call<DatabaseAlone>, 'registry'> & { registry?: Registry }

/** What the parts of the service need to know about the whole, which none of them may import. */
export type Registry = {
  features: Features
  /** All authentication methods. The first is the one that every login begins with. */
  methods: readonly Method[]
  /** The audit events of all features and rooms. */
  events: Events
  /** Whether the page at this path marked itself as a page to return to after signing in. */
  isPage: (path: string) => boolean
}

/** What a token will be for. `user_id` is null in the token of a client that acts for itself. */
export type ClaimsAbout = { user_id: number | null; client_id: string; scope: string; resource: string | undefined }

/** A feature's function that adds claims to the access token and the id token of a client. */
export type CustomClaims = (env: Env, about: ClaimsAbout) => Record<string, unknown> | Promise<Record<string, unknown>>

/** What a feature declares besides its routes, and what a room of `core` declares. */
export type Feature = {
  /** One word, the same as the name of its folder. */
  name: string
  /** Its migrations: file names without `.sql`. `GET /ready` checks that they were applied. */
  migrations?: readonly string[]
  /** The events that it writes into the audit trail: `events` in its `events.ts`. */
  events?: Events
  /** The mails that it sends. The sender finds the text for a waiting row here, by its `kind`. */
  mails?: Record<string, Mail>
  /** What replaces the words of any mail, by its kind. `{app}` in them is the name of the service. */
  mailWords?: NonNullable<OwnMails['mailWords']>
  /** What replaces the HTML of all mails. */
  mailLayout?: NonNullable<OwnMails['mailLayout']>
  /** What the user has just done, for a page after a redirect with `?done=<name>`. */
  done?: Record<string, Translated>
  /** Labels of form fields that only this feature has, by field name. */
  labels?: Record<string, Translated>
  /** Its part of `/login`. The parts appear in the order of `src/app.ts`. */
  entry?: Entry
  /** Its part of `/account` for the signed-in user. The cards appear in the order of `src/app.ts`. */
  card?: Card
  /** Its part of `/account/security`, where factors are added and removed. */
  security?: Card
  /** The personal data that it stores: a statement for each name in the export. Hashes and links are not exported. */
  holds?: Record<string, (user_id: number) => Sql>
  /** The personal data that it keeps outside the database, by name in the export. */
  remembers?: (call: Call, user: { id: number; email: string }) => Promise<Record<string, unknown>>
  /**
   * Statements that delete expired rows, at most `limit` rows of a table. Cron runs them every minute, so every
   * condition needs an index.
   */
  expires?: (pass: { now: number; settings: Config; limit: number }) => Sql[]
  /** Adds claims to the tokens of clients. */
  claims?: CustomClaims
  /** What routes of its own serve to applications: every client may ask a user for access to it. */
  resources?: readonly Resource[]
  /** The authentication methods that it provides. */
  methods?: readonly Method[]
  /** Paths whose answers every origin may read, without cookies: what applications in a browser call. */
  open?: RegExp
  /**
   * Where its page at this path finally sends the user, if that is another site: a source for `form-action`, because
   * browsers apply the policy of a form to the redirects after it.
   */
  onward?: (moment: { settings: Config; now: number }, path: string) => Promise<string | undefined>
}

/** A resource (RFC 8707) that routes of this service serve, such as an MCP server. */
export type Resource = {
  /** Its path on this service, or its whole address if that has another host. */
  at: string
  /** Its name for developers, in its metadata (RFC 9728). */
  name?: string
  /**
   * What an application may ask for there, at least one scope, and what the page for consent says of each: the rest of
   * "it can". Consent is remembered by word, so no other resource may use the same word for something else.
   */
  scopes: Readonly<Record<string, Translated>>
}

/** `form`: to sign in with, if the settings allow it; `fields` are the refused input, if any. `link`: for users who cannot. */
export type Entry = {
  /** Its form on the page that asks for a second factor, for one of its methods. */
  step?: { method: string; form: (view: PageView, next: NextStep, settings: Config) => Html | undefined }
  /** Its form on the page where a second factor must be enrolled, for a method that comes next. */
  enrol?: { method: string; form: (view: PageView, next: NextStep, settings: Config) => Html | undefined }
  /** Its form on the page where a signed-in user shows again who they are. `begun`: the ticket of its first step. */
  confirm?: {
    method: string
    form: (view: PageView, begun: { ticket: string } | undefined, settings: Config) => Html | undefined
  }
  /** Its buttons on `/login` and `/register`, below the forms. */
  buttons?: (view: PageView, settings: Config) => Html | undefined
  form?: (view: PageView, fields: URLSearchParams | undefined, settings: Config) => Html | undefined
  link?: (view: PageView, settings: Config) => Html | undefined
}

/** What a page shows between two steps of a sign-in. `enrols`: a factor must be enrolled. */
export type NextStep = { ticket: string; methods: readonly string[]; enrols: boolean }

export type Card = (call: SignedInCall, user: User, view: PageView) => Html | Promise<Html>

/** What a page is rendered from. It is defined in `src/pages/view.tsx`; nothing in `core` looks into it. */
export interface PageView {}

export type Features = readonly Feature[]

/**
 * An authentication method: one object in the folder of its feature. Nothing else about it is known elsewhere. The name is
 * one word of letters, digits and underscores. The feature's migration has a trigger that raises `users.epoch` when an
 * account gains or loses the method, so that a sign-in under way must ask for it.
 */
export type Method = Way & {
  /** Whether the settings allow it. Default: always. */
  isOn?: (settings: Config) => boolean
  /** `begins` under these settings, if it depends on them. */
  beginsUnder?: (settings: Config) => Sql
  /** A user whom `SECOND_FACTOR` demands two factors of may enrol it while signing in. */
  enrols?: true
  /** An account that has one always asks for it. Removing it is the only way to stop that. */
  alwaysAsks?: true
  /** Its values for the `amr` claim (RFC 8176). Empty if no registered value fits. */
  amr: readonly string[]
  /**
   * The first of two steps, such as a challenge or a mail. If a ticket is given, its user, methods and expiry are kept.
   */
  begin?: (call: Call, input: never, ticket?: Ticket) => Promise<Begun>
  /** Verifies the input. @throws Problem if it is wrong, after the doorkeeper has counted the attempt */
  show: (call: Call, input: never, ticket?: Ticket) => Promise<Proof>
  /** The same for a user who is already identified. Undefined if the input belongs to another method. */
  confirm?: (call: Call, whose: Whose, input: unknown) => Promise<Proof> | undefined
  /** If an account has rows of this method: how they are listed, and how an administrator removes a lost one. */
  factors?: Factors
}

/** The factors of one method, such as the passkeys of an account. Their ids differ from those of every other method. */
export type Factors = {
  /** What one of them is called on pages. */
  label: Translated
  /** Selects `id`, `name`, `created_at` and `last_used_at` of each, the oldest first. `name` and `last_used_at` may be NULL. */
  list: (user_id: Sql | number) => Sql
  /** Selects `user_id` of everybody who has one, from an index, for lists of users. */
  owners: Sql
  /** Deletes one of them, those that a query selects, or all without an id, and returns the `id` of each. */
  remove: (user_id: Sql | number, id?: string | Sql) => Sql
}

/** A factor as lists show it. `type`: the name of its method. */
export type Factor = { id: string; type: string; name: string | null; created_at: number; last_used_at: number | null }

/** The ticket for the next step, and what the method tells the client. */
export type Begun = { ticket: string; expires_in: number } & Record<string, unknown>

/** Who confirms an action: a signed-in user, or the holder of a mailed link, identified by its hash. */
export type Whose = { user_id: number; email?: string; by: { session: Session } | { link: string } }

type DatabaseAlone = Pick<Env, 'DB'>
