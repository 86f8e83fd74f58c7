import type { Entry } from '../../core/call.ts'
import { ConfirmForm } from '../../pages/confirm.tsx'
import { StepForm } from '../../pages/second-step.tsx'
import { CodeField } from './parts.tsx'
import { TOTP } from './prove.ts'
import { words } from './words.ts'

/** Its forms on the pages that ask for a second factor, that have one enrolled, and that ask again who the user is. */
export const entry: Entry = {
  step: {
    method: TOTP,
    form: (view, next) => (
      <StepForm view={view} next={next} action="/login/totp" submit={words[view.language].useCode}>
        <CodeField view={view} />
      </StepForm>
    ),
  },
  enrol: {
    method: TOTP,
    form: (view, next) => (
      <StepForm view={view} next={next} action="/login/totp/enrol" submit={words[view.language].add} />
    ),
  },
  confirm: {
    method: TOTP,
    form: (view) => (
      <ConfirmForm view={view} submit={words[view.language].useCode}>
        <CodeField view={view} />
      </ConfirmForm>
    ),
  },
}
