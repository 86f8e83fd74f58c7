import type { Entry } from '../../core/call.ts'
import { PASSWORD } from '../../core/users/ways.ts'
import { Challenge } from '../../pages/challenge.tsx'
import { ConfirmForm } from '../../pages/confirm.tsx'
import { Field, Form, Keep, Onward } from '../../pages/forms.tsx'
import { StepForm } from '../../pages/second-step.tsx'

/** The login form, also as a later step of a sign-in, and the link to a password reset. */
export const entry: Entry = {
  form: (view, fields) => (
    <Form view={view} action="/login" submit={view.say.signIn}>
      <Field view={view} name="email" autocomplete="username webauthn" value={fields?.get('email') ?? undefined} />
      <Field view={view} name="password" autocomplete="current-password" />
      <Keep view={view} />
      <Challenge view={view} />
    </Form>
  ),
  step: {
    method: 'password',
    form: (view, next) => (
      <StepForm view={view} next={next} action="/login" submit={view.say.signIn}>
        <Field view={view} name="email" autocomplete="username" />
        <Field view={view} name="password" autocomplete="current-password" />
        <Challenge view={view} />
      </StepForm>
    ),
  },
  confirm: {
    method: PASSWORD,
    form: (view) => (
      <ConfirmForm view={view} submit={view.say.confirmPassword}>
        <Field view={view} name="password" autocomplete="current-password" focus />
      </ConfirmForm>
    ),
  },
  link: (view) => (
    <Onward view={view} to="/forgot">
      {view.say.forgot}
    </Onward>
  ),
}
