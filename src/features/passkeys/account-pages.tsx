import { type Context, Hono } from 'hono'
import type { SignedInCall } from '../../core/call.ts'
import { mayChangeFactors } from '../../core/sessions/session.ts'
import { signedInUser } from '../../core/users/signed-in.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check, typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { opened, type Refused, submittedBy } from '../../pages/answer.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { page, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { PasskeyPage, PasskeysPage } from './account.tsx'
import { ceremonyIn } from './form.tsx'
import { registering, removing, renaming } from './inputs.ts'
import { passkeysOf } from './queries.ts'
import { register } from './register.ts'
import { remove } from './remove.ts'
import { rename } from './rename.ts'
import { knownOf } from './signals.tsx'

const HOME = '/account/passkeys'

/** The passkeys of the user's own account: the list, and adding, renaming and removing one. */
export const accountPages = new Hono<AppEnv>()
  .get(HOME, pageLoginRequired, (c) =>
    opened(c, async () => {
      const [call, view] = [callOf(c), viewOf(c)]
      const known = await knownOf(call, await signedInUser(call))
      const passkeys = await passkeysOf(call.env.DB, call.session.user_id)
      const mayChange = mayChangeFactors(call.session, call.now)
      return page(c, view, <PasskeysPage view={view} passkeys={passkeys} known={known} mayChange={mayChange} />)
    }),
  )

  .post(HOME, registering.limit, (c) =>
    changed(c, async (call, fields) => {
      await register(call, check(registering.input, { credential: ceremonyIn(fields).credential }))
      return c.redirect('/account/passkeys?done=passkey_added', 303)
    }),
  )

  .get(`${HOME}/:id`, pageLoginRequired, (c) =>
    opened(c, async () => {
      const [call, view] = [callOf(c), viewOf(c)]
      const one = (await passkeysOf(call.env.DB, call.session.user_id)).find(({ id }) => id === c.req.param('id'))
      if (!one) throw new Problem('not_found')
      return page(c, view, <PasskeyPage view={view} {...one} />)
    }),
  )

  .post(`${HOME}/:id`, removing.limit, (c) =>
    changed(
      c,
      async (call, fields) => {
        const id = c.req.param('id')
        if (fields.has('remove')) {
          await remove(call, id)
          return c.redirect('/account/passkeys?done=passkey_removed', 303)
        }
        await rename(call, { id, ...typed(renaming.input, fields) })
        return c.redirect('/account/passkeys?done=passkey_renamed', 303)
      },
      (view, fields) => <PasskeyPage view={view} id={c.req.param('id')} name={fields?.get('name') ?? undefined} />,
    ),
  )

/** A form that changes the passkeys. If the session is not fresh enough, the list says what comes first. */
const changed = (
  c: Context<AppEnv>,
  run: (call: SignedInCall, fields: URLSearchParams) => Promise<Response>,
  refused?: Refused,
): Promise<Response> =>
  submittedBy(
    c,
    async (call, fields) => (mayChangeFactors(call.session, call.now) ? run(call, fields) : c.redirect(HOME, 303)),
    refused,
  )
