import { Hono } from 'hono'
import * as v from 'valibot'
import { newPassword } from '../core/credentials.ts'
import { verify } from '../features/email/verify.ts'
import { resetPassword } from '../features/password/reset.ts'
import { deliverAfter } from '../http/after.ts'
import type { AppEnv } from '../http/app-env.ts'
import { check } from '../http/body.ts'
import { clientOf } from '../http/client.ts'
import { prefilter } from '../http/prefilter.ts'
import { now } from '../lib/time.ts'
import { submitted } from './answer.tsx'
import { Field, Form, type Props } from './forms.tsx'
import { Layout } from './layout.tsx'
import { page, viewOf } from './view.tsx'

const choice = v.object({ password: newPassword })

/**
 * What mailed links open: a page that changes nothing until its form is sent, so that a scanner of links uses no link up.
 */
export const links = new Hono<AppEnv>()
  .get('/verify', (c) => page(c, viewOf(c), <VerifyPage view={viewOf(c)} />))

  .post('/verify', prefilter('link'), (c) =>
    submitted(
      c,
      async (fields) => {
        await verify(c.env, fields.get('token') ?? '', clientOf(c), now())
        deliverAfter(c)
        return c.redirect('/login?done=verified', 303)
      },
      (view) => <VerifyPage view={view} />,
    ),
  )

  .get('/reset', (c) => page(c, viewOf(c), <ResetPage view={viewOf(c)} />))

  .post('/reset', prefilter('link'), (c) =>
    submitted(
      c,
      async (fields) => {
        const { password } = check(choice, { password: fields.get('password') ?? '' })
        await resetPassword(c.env, { token: fields.get('token') ?? '', password }, clientOf(c), now())
        deliverAfter(c)
        return c.redirect('/login?done=reset', 303)
      },
      (view) => <ResetPage view={view} />,
    ),
  )

const VerifyPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.verify}>
    <Form view={view} action="/verify" submit={view.say.verify} />
  </Layout>
)

const ResetPage = ({ view }: Props) => (
  <Layout view={view} title={view.say.setPassword}>
    <Form view={view} action="/reset" submit={view.say.setPassword}>
      <Field view={view} name="password" autocomplete="new-password" />
    </Form>
  </Layout>
)
