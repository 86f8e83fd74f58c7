import type { Entry } from '../../core/call.ts'
import { RECOVERY } from '../../core/users/second-factor.ts'
import { Field } from '../../pages/forms.tsx'
import { StepForm } from '../../pages/second-step.tsx'
import { words } from './words.ts'

/** Its form on the page that asks for a second factor. */
export const entry: Entry = {
  step: {
    method: RECOVERY,
    form: (view, next) => (
      <StepForm view={view} next={next} action="/login/recovery" submit={words[view.language].use}>
        <Field view={view} name="recovery_code" autocomplete="off" focus />
      </StepForm>
    ),
  },
}
