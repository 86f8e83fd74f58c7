import { Onward, type Props } from './forms.tsx'
import { Layout } from './layout.tsx'
import { type PageContext, viewOf } from './view.tsx'

/** Redirects to the page that says what happens next. It is the same for every address. */
export function toSent(c: PageContext, fields: URLSearchParams, done: string): Response {
  const { path, returnTo } = viewOf(c, fields)
  const query = new URLSearchParams({ done, ...(returnTo !== undefined && { return_to: returnTo }) })
  return c.redirect(`${path}?${query.toString()}`, 303)
}

/** Shown after a form that sends a mail, whatever the address. */
export const SentPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.checkMail}>
    <p>{view.say.mailHelp}</p>
    <BackToLogin view={view} />
  </Layout>
)

export const BackToLogin = ({ view }: Props) => (
  <p class="links">
    <Onward view={view} to="/login">
      {view.say.signIn}
    </Onward>
  </p>
)
