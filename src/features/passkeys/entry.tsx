import type { Entry, NextStep } from '../../core/call.ts'
import { CONFIRM } from '../../pages/confirm.tsx'
import type { Props } from '../../pages/forms.tsx'
import { PasskeyForm, WithoutPasskeys } from './form.tsx'
import { PASSKEY } from './queries.ts'
import { hasPasskeys } from './relying-party.ts'
import { UnknownPasskey } from './signals.tsx'
import { words } from './words.ts'

/** The button of the login page, whose email field offers passkeys, too, and those between two steps of a sign-in. */
export const entry: Entry = {
  form: (view, fields, settings) =>
    hasPasskeys(settings) ? (
      <>
        <PasskeyForm
          view={view}
          action="/login/passkey"
          kind="get"
          options="/user/login/passkey/options"
          submit={words[view.language].signInWith}
          autofill
        />
        <UnknownPasskey view={view} fields={fields} settings={settings} />
      </>
    ) : undefined,
  step: {
    method: PASSKEY,
    form: (view, next) => <SignInForm view={view} action="/login/passkey" next={next} />,
  },
  confirm: { method: PASSKEY, form: (view) => <SignInForm view={view} action={CONFIRM} /> },
  enrol: {
    method: PASSKEY,
    form: (view, next) => (
      <>
        <PasskeyForm
          view={view}
          action="/login/passkey/enrol"
          kind="create"
          options="/user/login/passkey/enrol"
          submit={words[view.language].setUp}
          next={next}
        />
        <WithoutPasskeys view={view} />
      </>
    ),
  },
}

/** The button that shows a passkey after something else, and the sentence for browsers that cannot. */
const SignInForm = ({ view, action, next }: Props<{ action: string; next?: NextStep }>) => (
  <>
    <PasskeyForm
      view={view}
      action={action}
      kind="get"
      options="/user/login/passkey/options"
      submit={words[view.language].confirmWith}
      next={next}
    />
    <WithoutPasskeys view={view} />
  </>
)
