import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { opened, submitted } from '../../pages/answer.tsx'
import { Form, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { OverPage } from '../../pages/over.tsx'
import { asked, page, type View, viewOf } from '../../pages/view.tsx'
import { undoing } from './inputs.ts'
import { type Plan, planOf } from './queries.ts'
import { undo } from './undo.ts'
import { reported, words } from './words.ts'

/** The page of the link in a notice. Opening it changes nothing, so that a link scanner undoes nothing. */
export const pages = new Hono<AppEnv>()
  .get('/undo', undoing.limit, (c) =>
    opened(
      c,
      async () => {
        const plan = await planOf(callOf(c), asked(c, 'token') ?? '')
        const view = viewOf(c)
        return page(c, view, <UndoPage view={view} plan={plan} />)
      },
      asRefused,
    ),
  )

  .post('/undo', undoing.limit, (c) =>
    submitted(
      c,
      async (fields) => {
        const { factor_stays } = await undo(callOf(c), typed(undoing.input, fields).token)
        return c.redirect(factor_stays ? '/forgot?done=undone_but_factor' : '/forgot?done=undone', 303)
      },
      asRefused,
    ),
  )

const UndoPage = ({ view, plan: { link, removes, stays } }: Props<{ plan: Plan }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.title}>
      <p>
        {reported[link.what][view.language]} {say.ifYou}
      </p>
      <p>{say.ifNot}</p>
      <ul>
        <li>{say.ends}</li>
        {link.moved && <li>{say.restores}</li>}
        {removes.length > 0 && <li>{say.removes}</li>}
        {link.asks && <li>{say.asksNoMore}</li>}
        <li>{say.resets}</li>
      </ul>
      {stays && <p>{say.stays}</p>}
      {link.what === 'factor_removed' && <p>{say.isGone}</p>}
      <Form view={view} action="/undo" submit={say.submit} danger />
    </Layout>
  )
}

/** A link that undoes nothing. The way on is a new password. */
const asRefused = (view: View) => <OverPage view={view} title={words[view.language].title} />
