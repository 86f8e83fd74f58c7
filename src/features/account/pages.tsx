import { Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { isFresh } from '../../core/sessions/session.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { typed } from '../../http/body.ts'
import { dropSession } from '../../http/browser-session.ts'
import { callOf } from '../../http/call.ts'
import { DEVICE_COOKIE, dropCookie } from '../../http/cookie.ts'
import type { Html } from '../../lib/jsx-runtime.ts'
import { opened, submittedBy } from '../../pages/answer.tsx'
import { canChange, hasPassword, toConfirm } from '../../pages/confirm.tsx'
import { Field, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { Step } from '../../pages/parts.tsx'
import { page, pageOf, type View, viewOf } from '../../pages/view.tsx'
import { deleteAccount } from './delete.ts'
import { deleting, renamingForm } from './inputs.ts'
import { everythingAbout } from './queries.ts'
import { rename } from './rename.ts'
import { words } from './words.ts'

/** The pages of the user's own account: the cards of all features, the export, and deleting the account. */
export const pages = new Hono<AppEnv>()
  .get('/account', pageLoginRequired, (c) =>
    opened(c, async () => {
      const view = viewOf(c)
      return page(c, view, <AccountPage view={view} cards={await cardsOf(callOf(c), view)} />)
    }),
  )

  .get('/account/name', pageLoginRequired, (c) =>
    opened(c, async () => {
      const { name } = await signedInUser(callOf(c))
      return pageOf(c, (view) => <NamePage view={view} value={name ?? ''} />)
    }),
  )

  .post('/account/name', (c) =>
    submittedBy(
      c,
      async (call, fields) => {
        await rename(call, typed(renamingForm, fields))
        return c.redirect('/account?done=named', 303)
      },
      (view, fields) => <NamePage view={view} value={fields?.get('name') ?? ''} />,
    ),
  )

  .get('/account/export', pageLoginRequired, (c) =>
    opened(c, async () => {
      const call = callOf(c)
      if (!isFresh(call.session, call.now)) return toConfirm(c, '/account')
      c.header('Content-Disposition', 'attachment; filename="account.json"')
      return c.body(JSON.stringify(await everythingAbout(call), null, 2), 200, {
        'Content-Type': 'application/json',
      })
    }),
  )

  .get('/account/delete', pageLoginRequired, (c) => {
    const { session, now } = callOf(c)
    if (!canChange(session, now)) return toConfirm(c, '/account/delete')
    return pageOf(c, (view) => <DeletePage view={view} asks={hasPassword(session)} />)
  })

  .post('/account/delete', deleting.limit, (c) => {
    let asks = true
    return submittedBy(
      c,
      async (call, fields) => {
        asks = hasPassword(call.session)
        await deleteAccount(call, typed(deleting.input, fields))
        dropSession(c)
        dropCookie(c, DEVICE_COOKIE)
        return c.redirect('/login?done=deleted', 303)
      },
      (view) => <DeletePage view={view} asks={asks} />,
    )
  })

/** The cards of all features. Run one after another: this page is opened rarely. */
async function cardsOf(call: SignedInCall, view: View): Promise<Html[]> {
  const user = await signedInUser(call)
  const cards: Html[] = []
  for (const { card } of call.registry.features) if (card) cards.push(await card(call, user, view))
  return cards
}

const AccountPage = ({ view, cards }: Props<{ cards: Html[] }>) => (
  <Layout view={view} title={view.say.account} wide>
    {cards}
    <form method="post" action="/logout">
      <button class="quiet" type="submit">
        {view.say.signOut}
      </button>
    </form>
  </Layout>
)

const NamePage = ({ view, value }: Props<{ value: string }>) => {
  const say = words[view.language]
  return (
    <Step view={view} action="/account/name" title={say.changeName} about={say.nameIs}>
      <Field view={view} name="name" autocomplete="name" value={value} optional />
    </Step>
  )
}

const DeletePage = ({ view, asks }: Props<{ asks: boolean }>) => (
  <Step
    view={view}
    action="/account/delete"
    title={view.say.deleteAccount}
    about={words[view.language].deleteMeans}
    danger
  >
    {asks && <Field view={view} name="password" autocomplete="current-password" />}
  </Step>
)
