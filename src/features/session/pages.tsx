import { Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { methodsOn } from '../../core/users/second-factor.ts'
import { countedUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { dropSession, shownRenewal } from '../../http/browser-session.ts'
import { sessionOfRequest } from '../../http/guard.ts'
import { opened, submitted, submittedBy } from '../../pages/answer.tsx'
import { CONFIRM } from '../../pages/confirm.tsx'
import { ProblemPage } from '../../pages/forms.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { formOf, page, type PageContext, type View, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { keepTokens } from '../../signing-in/browser.ts'
import { tokenAnswer } from '../../signing-in/tokens.ts'
import { confirmPage } from './confirm-page.tsx'
import { endAllSessions, endOtherSession, endOtherSessions, endSession } from './end.ts'
import { confirming, shownIn } from './inputs.ts'
import { reauthenticate } from './reauth.ts'

/**
 * The page that asks again who the user is, and the buttons that end sessions. The sign-out button also works for a user who
 * is already signed out.
 */
export const pages = new Hono<AppEnv>()
  .post('/logout', formOf('/account'), (c) =>
    submitted(c, async (fields) => {
      const session = await sessionOfRequest(c, { anyLevel: true })
      if (session) await endSession({ ...callOf(c), session })
      dropSession(c)
      const { returnTo } = viewOf(c, fields)
      return c.redirect(
        `/login${returnTo === undefined ? '' : `?${new URLSearchParams({ return_to: returnTo }).toString()}`}`,
        303,
      )
    }),
  )

  .get(CONFIRM, pageLoginRequired, (c) =>
    opened(c, async () => {
      const view = viewOf(c)
      return page(c, view, await confirmPage(callOf(c), view))
    }),
  )

  .post(CONFIRM, confirming.limit, (c) => {
    let signedIn: SignedInCall | undefined
    return submittedBy(
      c,
      async (call, fields) => {
        signedIn = call
        const begins = fields.get('begin')
        if (begins !== null) return beginConfirm(c, call, fields, begins)
        const grant = await reauthenticate(call, shownIn(fields))
        await keepTokens(c, await tokenAnswer(call, grant), (await shownRenewal(c))?.kept === true)
        const { returnTo } = viewOf(c, fields)
        return c.redirect(`${returnTo?.startsWith('/') ? returnTo : '/account'}?done=confirmed`, 303)
      },
      (view, fields) =>
        signedIn && view.problem?.status !== 503 ? (
          confirmPage(signedIn, withReason(view, fields), goingIn(view, fields))
        ) : (
          <ProblemPage view={view} />
        ),
    )
  })

  // The list is one with that of the known devices.
  .get('/account/sessions', pageLoginRequired, (c) => c.redirect('/account/devices', 303))

  .post('/account/sessions', formOf('/account/devices'), (c) =>
    submittedBy(c, async (call, fields) => {
      const chosen = fields.get('end') ?? ''
      if (chosen === 'others') await endOtherSessions(call)
      else if (chosen === 'all') await endAllSessions(call)
      else await endOtherSession(call, chosen)
      if (chosen !== 'all' && chosen !== call.session.id)
        return c.redirect(`${viewOf(c).returnTo ?? '/account/devices'}?done=sessions`, 303)
      dropSession(c)
      return c.redirect('/login?done=sessions', 303)
    }),
  )

/** The first of two steps, such as a mail with a code to the user's own address. */
async function beginConfirm(
  c: PageContext,
  call: SignedInCall,
  fields: URLSearchParams,
  name: string,
): Promise<Response> {
  const method = methodsOn(call).find((one) => one.name === name)
  if (!method?.begin) throw new Problem('invalid_body')
  const { email } = await countedUser(call)
  const { ticket } = await method.begin(call, { email } as never)
  const view = viewOf(c, fields)
  return page(c, view, await confirmPage(call, view, { method: name, ticket }))
}

/** Says of a refused passkey or code that it was no password. */
const withReason = (view: View, fields: URLSearchParams | undefined): View =>
  view.problem?.code === 'invalid_credentials' && !fields?.has('password')
    ? { ...view, refusal: view.say.notConfirmed }
    : view

/** The second step whose form was refused. If its ticket is void, the user begins again. */
function goingIn({ problem }: View, fields: URLSearchParams | undefined) {
  const [method, ticket] = [fields?.get('method'), fields?.get('ticket')]
  return method && ticket && problem?.code !== 'invalid_ticket' ? { method, ticket } : undefined
}
