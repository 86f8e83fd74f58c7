import type { Context } from 'hono'
import { answerError } from '../http/answer.ts'
import type { AppEnv } from '../http/app-env.ts'
import type { Problem } from '../problem.ts'
import { opened } from './answer.tsx'
import { Home, type Props, Refusal } from './forms.tsx'
import { Layout } from './layout.tsx'

/** Programs ask there for what a site can do, some of them with the headers of a browser. */
const FOR_PROGRAMS = /\/\.well-known(?:\/|$)/

/** Whether a person sees the answer: a browser says that it opens a document. Older ones say only that they read HTML. */
const isForPerson = ({ req }: Context<AppEnv>): boolean =>
  !FOR_PROGRAMS.test(req.path) &&
  (req.header('Sec-Fetch-Dest') === 'document' || /\btext\/html\b/i.test(req.header('Accept') ?? ''))

/** Answers at an address where nothing is: a person with a page that leads on, a program with the problem. */
export function answerLost(problem: Problem, c: Context<AppEnv>): Response | Promise<Response> {
  if (!isForPerson(c)) return answerError(problem, c)
  // A link to a path that begins with two slashes would lead to another site.
  c.set('page', new URL(c.req.url).pathname.replace(/^\/+/, '/'))
  return opened(
    c,
    () => Promise.reject(problem),
    (view) => <LostPage view={view} />,
  )
}

const LostPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.lost}>
    <Refusal view={{ ...view, refusal: view.say.lostHow }} />
    <p class="links">
      <Home view={view} />
    </p>
  </Layout>
)
