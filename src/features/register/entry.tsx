import type { Entry } from '../../core/call.ts'
import { Onward } from '../../pages/forms.tsx'

/** The link to registration, if it is open. */
export const entry: Entry = {
  link: (view, { REGISTRATION }) =>
    REGISTRATION === 'open' ? (
      <Onward view={view} to="/register">
        {view.say.register}
      </Onward>
    ) : undefined,
}
