import { type Context, Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { form } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { dropSession } from '../../http/browser-session.ts'
import { isSameOrigin } from '../../http/cookie.ts'
import { sessionOfRequest } from '../../http/guard.ts'
import { opened } from '../../pages/answer.tsx'
import type { Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { page, pageOf, viewOf } from '../../pages/view.tsx'
import { endSession, isMeant, logoutIn } from './end-session.ts'
import { authorizing } from './inputs.ts'
import { whenOn } from './on.ts'
import { parametersIn } from './parameters.ts'
import { words } from './words.ts'

const PATH = '/oauth/end-session'

/** What of a request the question keeps. */
const NAMES = ['id_token_hint', 'client_id', 'post_logout_redirect_uri', 'state']

/**
 * The logout endpoint (OpenID Connect RP-Initiated Logout 1.0). A form of another site comes without the cookie, so it is
 * answered by an address that the browser opens with it.
 */
export const endSessionPages = new Hono<AppEnv>()
  .get(PATH, authorizing.limit, whenOn, (c) => opened(c, () => leave(c, new URL(c.req.url).searchParams)))
  .post(PATH, authorizing.limit, whenOn, (c) =>
    opened(c, async () => {
      const fields = await form(c)
      const isAnswer = isSameOrigin(c) && fields.get('decision') === 'leave'
      if (isAnswer) return leave(c, fields, true)
      fields.delete('decision')
      return c.redirect(`${PATH}?${fields.toString()}`, 303)
    }),
  )

/** Signs the user out, or asks first. `isAsked`: the user was asked, and said yes. */
async function leave(c: Context<AppEnv>, sent: URLSearchParams, isAsked = false): Promise<Response> {
  const call = callOf(c)
  const { hint, to } = await logoutIn(call, parametersIn(sent))
  const session = await sessionOfRequest(c, { anyLevel: true })
  if (!isAsked && !(await isMeant(call, hint, session))) {
    // The form is answered by a redirect, which `form-action` must allow.
    const view = { ...viewOf(c), path: PATH, returnTo: to }
    const kept = NAMES.flatMap((name) => (sent.get(name) === null ? [] : [[name, sent.get(name)!] as const]))
    return page(c, view, <AskPage view={view} kept={kept} />)
  }
  await endSession(call, hint, session)
  if (session) dropSession(c)
  return to === undefined ? pageOf(c, (view) => <SignedOutPage view={view} />) : c.redirect(to, 303)
}

const AskPage = ({ view, kept }: Props<{ kept: (readonly [string, string])[] }>) => {
  const say = words[view.language]
  return (
    <Layout view={{ ...view, kept: Object.fromEntries(kept) }} title={say.endSession}>
      <p>{say.endSessionWhy}</p>
      <form method="post" action={PATH}>
        {kept.map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" name="decision" value="leave">
          {view.say.signOut}
        </button>
      </form>
      <p class="links">
        <a href="/account">{say.stay}</a>
      </p>
    </Layout>
  )
}

const SignedOutPage = ({ view }: Props) => (
  <Layout view={view} title={words[view.language].signedOut}>
    <p class="links">
      <a href="/login">{view.say.signIn}</a>
    </p>
  </Layout>
)
