import type { Entry } from '../../core/call.ts'
import { CODE } from '../../core/users/ways.ts'
import { ConfirmForm } from '../../pages/confirm.tsx'
import { Field, Onward } from '../../pages/forms.tsx'
import { StepForm } from '../../pages/second-step.tsx'
import { isOn } from './is-on.ts'
import { words } from './words.ts'

/** A button that mails the user of a sign-in under way a code. */
const step: Entry['step'] = {
  method: CODE,
  form: (view, next) => <StepForm view={view} next={next} action="/login/code" submit={words[view.language].sendMe} />,
}

/** The link to signing in with a code, and the same as a further step. */
export const entry: Entry = {
  step,
  enrol: step,
  confirm: {
    method: CODE,
    form: (view, begun) =>
      begun ? (
        <ConfirmForm view={view} submit={words[view.language].confirmBy}>
          <p>{words[view.language].sentToYou}</p>
          <input type="hidden" name="method" value={CODE} />
          <input type="hidden" name="ticket" value={begun.ticket} />
          <Field view={view} name="code" autocomplete="one-time-code" focus />
        </ConfirmForm>
      ) : (
        <ConfirmForm view={view} submit={words[view.language].sendMe}>
          <input type="hidden" name="begin" value={CODE} />
        </ConfirmForm>
      ),
  },
  link: (view, settings) =>
    isOn(settings) ? (
      <Onward view={view} to="/login/code">
        {words[view.language].byCode}
      </Onward>
    ) : undefined,
}
