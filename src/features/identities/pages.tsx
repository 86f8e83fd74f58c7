import { type Context, Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { isToken } from '../../core/users/one-time.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { form } from '../../http/body.ts'
import { shownRenewal } from '../../http/browser-session.ts'
import { callOf } from '../../http/call.ts'
import { requireFactorChange, sessionOfRequest, signedSessionOf } from '../../http/guard.ts'
import { limitNetwork } from '../../http/prefilter.ts'
import { opened, submittedBy } from '../../pages/answer.tsx'
import { ProblemPage } from '../../pages/forms.tsx'
import { loginPage } from '../../pages/login.tsx'
import { OverPage } from '../../pages/over.tsx'
import { SECURITY } from '../../pages/security.ts'
import { formOf, page, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { completeSignIn, shownDevice } from '../../signing-in/browser.ts'
import { signIn } from '../../signing-in/finish.ts'
import { authorizationUrl, profileOf } from './exchange.ts'
import { linking, signingIn } from './inputs.ts'
import { link, unlink } from './link.ts'
import { identity } from './method.ts'
import { providerAt } from './providers/index.ts'
import {
  dropTransaction,
  keepTransaction,
  newTransaction,
  type Purpose,
  singleOf,
  type Transaction,
  transactionOf,
} from './transaction.ts'
import { ConfirmPage, LeavePage, withMailed } from './views.tsx'
import { words } from './words.ts'

/** What an answer of a provider consists of (RFC 6749 section 4.1.2, RFC 9207). */
const ANSWER = ['code', 'state', 'iss', 'error']

/** Signing in at an identity provider, and connecting an identity to the account of the signed-in user. */
export const pages = new Hono<AppEnv>()
  .get('/login/with', (c) =>
    opened(
      c,
      async () => {
        const view = viewOf(c)
        if (!isToken(view.kept['token'])) throw new Problem('invalid_one_time_token')
        return page(c, view, <ConfirmPage view={view} settings={callOf(c).settings} />)
      },
      (view) => <OverPage view={view} title={words[view.language].confirmTitle} />,
    ),
  )

  .get('/login/with/:provider', signingIn.limit, formOf('/login'), (c) =>
    opened(
      c,
      async () => {
        const { returnTo, kept } = viewOf(c)
        return c.redirect(await begin(c, { return_to: returnTo, token: kept['token'] }), 303)
      },
      (view) => loginPage(c, view),
    ),
  )

  .get('/login/with/:provider/callback', signingIn.limit, formOf('/login'), (c) => {
    let fields: URLSearchParams | undefined
    let links = false
    return opened(
      c,
      async () => {
        const call = callOf(c)
        const provider = providerAt(call.settings, c.req.param('provider'))
        const answer = new URL(c.req.url).searchParams
        const begun = await transactionOf(c, call, provider.name, answer.get('state') ?? '')
        fields = new URLSearchParams(begun.return_to === undefined ? {} : { return_to: begun.return_to })
        links = begun.session !== undefined
        if (links) c.set('page', SECURITY)
        const signedIn = links ? await linkingCall(c, begun) : undefined
        if (answer.get('error') === 'access_denied') return c.redirect(backTo(links, fields), 303)
        const profile = await profileOf(call, provider, begun, answer)
        const shown = { provider: provider.name, profile, spends: [singleOf(begun)] }
        if (signedIn) {
          await link(signedIn, shown)
          dropTransaction(c)
          return c.redirect(`${SECURITY}?done=identity_added`, 303)
        }
        const former = await shownRenewal(c) // a button has no box, so what was chosen for this browser stays
        if (former) fields.set('keep', former.kept ? 'on' : 'off')
        const mayMail = () => limitNetwork(c, 'mail')
        const input = { ...shown, token: begun.token, device_token: shownDevice(c), mayMail }
        const done = await signIn(call, identity, { input, instead: await signedSessionOf(c) })
        dropTransaction(c)
        return completeSignIn(c, fields, done)
      },
      (view) => (links ? <ProblemPage view={view} /> : loginPage(c, withMailed(view))),
      () => fields,
    )
  })

  // A page of the provider posts the answer, without our cookies. A browser sends them with the GET that follows.
  .post('/login/with/:provider/callback', signingIn.limit, formOf('/login'), (c) =>
    opened(
      c,
      async () => {
        const fields = await form(c)
        const answer = new URLSearchParams(
          ANSWER.flatMap((name) => (fields.has(name) ? [[name, fields.get(name)!]] : [])),
        )
        return c.redirect(`${new URL(c.req.url).pathname}?${answer.toString()}`, 303)
      },
      (view) => loginPage(c, view),
    ),
  )

  .post('/account/identities/:provider', linking.limit, formOf(SECURITY), (c) =>
    submittedBy(c, async (call, fields) => {
      requireFactorChange(call.session)
      const address = await begin(c, { session: call.session.id })
      // Not a redirect: the policy of the page that the form is on applies to those (CSP `form-action`).
      c.header('Refresh', `0;url=${address}`)
      const view = viewOf(c, fields)
      return page(c, view, <LeavePage view={view} to={address} />)
    }),
  )

  .post('/account/identities/:provider/remove', linking.limit, formOf(SECURITY), (c) =>
    submittedBy(c, async (call) => {
      requireFactorChange(call.session)
      await unlink(call, c.req.param('provider'))
      return c.redirect(`${SECURITY}?done=identity_removed`, 303)
    }),
  )

/** Begins a transaction in this browser. Returns the address at the provider. */
async function begin(c: Context<AppEnv, '/:provider'>, purpose: Purpose): Promise<string> {
  const call = callOf(c)
  const provider = providerAt(call.settings, c.req.param('provider'))
  const begun = newTransaction(call, provider.name, purpose)
  const address = await authorizationUrl(call, provider, begun)
  await keepTransaction(c, call, begun)
  return address
}

/** The call of the session that began to link. @throws Problem 401 `invalid_ticket`, 401 `fresh_login_required` */
async function linkingCall(c: Context<AppEnv>, begun: Transaction): Promise<SignedInCall> {
  const session = await sessionOfRequest(c)
  if (session?.id !== begun.session || !session) throw new Problem('invalid_ticket')
  requireFactorChange(session)
  return { ...callOf(c), session }
}

/** Where somebody who turned back at the provider goes on. */
const backTo = (links: boolean, fields: URLSearchParams): string =>
  `${links ? SECURITY : '/login'}?${new URLSearchParams({ ...Object.fromEntries(fields), done: 'turned_back' }).toString()}`
