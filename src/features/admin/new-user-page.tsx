import { Hono } from 'hono'
import { isFresh } from '../../core/sessions/session.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check } from '../../http/body.ts'
import { prefilter } from '../../http/prefilter.ts'
import { languages } from '../../lib/language.ts'
import { toConfirm } from '../../pages/confirm.tsx'
import { Field, Form, type Props } from '../../pages/forms.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { pageOf } from '../../pages/view.tsx'
import { shared } from '../../pages/words.ts'
import { asAdmin } from './actor.ts'
import { Choice, Console } from './console.tsx'
import { createUser } from './create.ts'
import { openedByAdmin, submittedByAdmin } from './for-admins.tsx'
import { newUser } from './parameters.ts'
import { Roles, rolesIn } from './roles-form.tsx'
import { words } from './words.ts'

const NEW = '/console/users/new'

/** The page that makes an account and invites its owner. It needs a fresh login, as `POST /admin/users` does. */
export const newUserPages = new Hono<AppEnv>()
  .get(NEW, pageLoginRequired, (c) =>
    openedByAdmin(c, async ({ session, now }) => {
      if (!isFresh(session, now)) return toConfirm(c, NEW)
      return pageOf(c, (view) => <NewUserPage view={view} />)
    }),
  )

  .post(NEW, prefilter('admin'), (c) =>
    submittedByAdmin(
      c,
      async (call, fields) => {
        if (!isFresh(call.session, call.now)) return toConfirm(c, NEW)
        const { user_id } = await createUser(
          asAdmin(call),
          check(newUser, {
            email: fields.get('email') ?? '',
            roles: rolesIn(fields),
            email_verified: fields.has('vouch'),
            language: fields.get('language') || undefined,
          }),
        )
        return c.redirect(`/console/users/${user_id}?done=invited`, 303)
      },
      (view, fields) => <NewUserPage view={view} fields={fields} />,
    ),
  )

const NewUserPage = ({ view, fields }: Props<{ fields?: URLSearchParams | undefined }>) => {
  const say = words[view.language]
  const choices = [['', '–'], ...languages.map((own) => [own, shared[own].name])] as [string, string][]
  return (
    <Console view={view} title={say.newUser}>
      <Form view={view} action={NEW} submit={say.invite}>
        <Field view={view} name="email" autocomplete="email" value={fields?.get('email') ?? undefined} />
        <Roles view={view} fields={fields} />
        <Choice name="language" label={view.say.language} choices={choices} value={fields?.get('language')} />
        <label class="check">
          <input type="checkbox" name="vouch" value="on" checked={fields?.has('vouch')} />
          {say.vouch}
        </label>
      </Form>
    </Console>
  )
}
