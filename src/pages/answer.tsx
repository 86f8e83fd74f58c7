import type { Html } from '../lib/jsx-runtime.ts'
import { Problem } from '../core/problem.ts'
import type { Session } from '../core/sessions.ts'
import { form } from '../http/body.ts'
import { isSameOrigin } from '../http/cookie.ts'
import { sessionOfRequest } from '../http/guard.ts'
import { ProblemPage } from './forms.tsx'
import { isOwnPage } from './return-to.ts'
import { page, type PageContext, type View, viewOf } from './view.tsx'

/** The page that shows why something was refused. */
export type Refused = (view: View, fields?: URLSearchParams) => Html

const asProblemPage: Refused = (view) => <ProblemPage view={view} />

/** What a page is asked for; where that is refused, a page that says why, because a person reads it. */
export const opened = (c: PageContext, run: () => Promise<Response>, refused?: Refused): Promise<Response> =>
  orReason(c, run, refused)

/** Runs what a form of this site asks for; where that is refused, shows the form again with the reason. */
export function submitted(
  c: PageContext,
  run: (fields: URLSearchParams) => Promise<Response>,
  refused?: Refused,
): Promise<Response> {
  let fields: URLSearchParams | undefined
  const reading = async () => {
    if (!isSameOrigin(c)) throw new Problem('cross_site_request')
    fields = await form(c)
    return run(fields)
  }
  return orReason(c, reading, refused, () => fields)
}

/** As `opened`, for who is signed in; others are sent to the login, and back afterwards. */
export const openedBy = (
  c: PageContext,
  run: (session: Session) => Promise<Response>,
  refused?: Refused,
): Promise<Response> => opened(c, () => withSession(c, run), refused)

/** As `submitted`, for who is signed in. */
export const submittedBy = (
  c: PageContext,
  run: (session: Session, fields: URLSearchParams) => Promise<Response>,
  refused?: Refused,
): Promise<Response> => submitted(c, (fields) => withSession(c, (session) => run(session, fields)), refused)

/** Whatever was thrown before a handler ran, or was not foreseen, as a page. */
export const answerWithPage = (error: unknown, c: PageContext): Response =>
  refuse(c, error instanceof Problem ? error : new Problem('internal_error', { cause: error }))

async function withSession(c: PageContext, run: (session: Session) => Promise<Response>): Promise<Response> {
  const session = await sessionOfRequest(c)
  return session ? run(session) : toLogin(c)
}

async function orReason(
  c: PageContext,
  run: () => Promise<Response>,
  refused?: Refused,
  fields: () => URLSearchParams | undefined = () => undefined,
): Promise<Response> {
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.code === 'invalid_token') return toLogin(c) // the session ended while the password was compared
    return refuse(c, error, refused, fields())
  }
}

function refuse(
  c: PageContext,
  problem: Problem,
  refused: Refused = asProblemPage,
  fields?: URLSearchParams,
): Response {
  c.set('problem', problem)
  for (const [name, value] of Object.entries(problem.headers)) c.header(name, value)
  const view = viewOf(c, fields, problem)
  return page(c, view, refused(view, fields), problem.status)
}

/** A path may hold what an address reads as the next parameter: only our own go along. */
function toLogin(c: PageContext): Response {
  const { path } = viewOf(c)
  return c.redirect(isOwnPage(path) ? `/login?return_to=${path}` : '/login', 303)
}
