import type { Context, MiddlewareHandler, Next } from 'hono'
import { type Guarded, sessionOfRequest } from '../http/guard.ts'
import type { Child } from '../lib/jsx-runtime.ts'
import { answerWithPage, toLogin } from './answer.tsx'
import { Layout } from './layout.tsx'
import type { Returns } from './return-to.ts'
import { type PageContext, pageOf } from './view.tsx'

async function guard(c: Context<Guarded>, next: Next): Promise<Response | void> {
  try {
    const session = await sessionOfRequest(c)
    if (!session) return toLogin(c)
    c.set('session', session)
  } catch (error) {
    return await answerWithPage(error, c)
  }
  await next()
  if (!c.error) return
  // The handler's error was already answered as JSON. That response is replaced by a page, because a person reads it.
  c.res = undefined
  c.finalized = false
  c.res = await answerWithPage(c.error, c)
}

/**
 * Like `pageLoginRequired`, for a route of which not every path is a page to return to. Only paths that match `returns`
 * are.
 */
export const pageLogin = (returns: RegExp): MiddlewareHandler<Guarded> & Returns =>
  Object.assign((c: Context<Guarded>, next: Next) => guard(c, next), { returns })

/**
 * Like `strictLogin`, for pages. A signed-out user is sent to the login, and returns to the path of the page, without
 * its query. An error of the handler is shown on a page.
 */
export const pageLoginRequired: MiddlewareHandler<Guarded> = pageLogin(/^/)

/** Responds with a page in the layout of the hosted pages: their style, brand and choice of language. */
export function showPage(c: PageContext, title: string, content: Child): Promise<Response> {
  return pageOf(c, (view) => <Layout view={view} title={title} children={content} />)
}
