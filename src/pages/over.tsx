import { isToken } from '../core/users/one-time.ts'
import { Home, type Props, Refusal } from './forms.tsx'
import { Layout } from './layout.tsx'
import type { View } from './view.tsx'

type OverProps = Props<{ title: string; how?: string; again?: string }>

/**
 * The page of a mailed link that does nothing any more, or that was cut off. There is nothing to type, but ways on: signing
 * in, and a new link or password. `title`: of the page as it usually is. `how`: more that helps. `again`: the text of the
 * link to a new password.
 */
export const OverPage = ({ view, title, how, again = view.say.forgot }: OverProps) => (
  <Layout view={view} title={title}>
    <Refusal view={isOver(view) && !isToken(view.kept['token']) ? { ...view, refusal: view.say.linkCut } : view} />
    {how !== undefined && <p>{how}</p>}
    <p class="links">
      <Home view={view} />
      <a href="/forgot">{again}</a>
    </p>
  </Layout>
)

/** Whether the link of a page was refused. */
export const isOver = ({ problem }: View): boolean => problem?.code === 'invalid_one_time_token'
