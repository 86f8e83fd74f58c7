import { Hono } from 'hono'
import { findUser } from '../../core/users/users.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { sessionOfRequest } from '../../http/guard.ts'
import { sql } from '../../lib/sql.ts'
import { opened } from '../../pages/answer.tsx'
import { Form, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { loginPage } from '../../pages/login.tsx'
import { asked, page, type PageContext, viewOf } from '../../pages/view.tsx'
import { words } from './words.ts'

/** The login, or who is signed in. */
export const pages = new Hono<AppEnv>().get('/login', (c) =>
  opened(
    c,
    async () => {
      const view = viewOf(c)
      const session = await sessionOfRequest(c)
      const user = session && (await findUser(c.env.DB, sql`id = ${session.user_id}`))
      return page(c, view, user ? <SignedInPage view={view} email={user.email} /> : loginPage(c, view, hinted(c)))
    },
    (view) => loginPage(c, view),
  ),
)

/** The address that an application expects to sign in (`login_hint` of OpenID Connect). */
function hinted(c: PageContext): URLSearchParams | undefined {
  const email = asked(c, 'login_hint')
  return email === undefined ? undefined : new URLSearchParams({ email })
}

const SignedInPage = ({ view, email }: Props<{ email: string }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.signedIn}>
      <p>{say.signedInAs(email)}</p>
      <p class="links">
        <a href={view.returnTo ?? '/account'}>{view.returnTo === undefined ? view.say.account : view.say.goOn}</a>
      </p>
      <Form view={view} action="/logout" submit={view.say.signOut} />
    </Layout>
  )
}
