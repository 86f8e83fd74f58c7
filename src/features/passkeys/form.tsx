import type { NextStep } from '../../core/call.ts'
import { jsonOf } from '../../http/body.ts'
import { utf8 } from '../../lib/bytes.ts'
import type { Props } from '../../pages/forms.tsx'
import { StepFields } from '../../pages/second-step.tsx'
import type { View } from '../../pages/view.tsx'
import { words } from './words.ts'

type PasskeyFormProps = Props<{
  /** Where the result goes. */
  action: string
  /** What the browser is asked to do, as `navigator.credentials` calls it. */
  kind: 'get' | 'create'
  /** The route that gives the options. */
  options: string
  submit: string
  /** The step of the sign-in that the passkey completes. */
  next?: NextStep | undefined
  /** Also offers passkeys in the email field of the page. */
  autofill?: boolean
}>

/**
 * A button that asks the browser for a passkey and posts what it gives. The form is hidden until `public/passkeys.js`
 * finds that the browser can do this.
 */
export const PasskeyForm = ({ view, action, kind, options, submit, next, autofill = false }: PasskeyFormProps) => {
  const say = words[view.language]
  return (
    <>
      <form
        class="other"
        method="post"
        action={action}
        data-passkey={kind}
        data-options={options}
        data-autofill={autofill}
        hidden
      >
        {view.returnTo !== undefined && <input type="hidden" name="return_to" value={view.returnTo} />}
        {next && <StepFields view={view} next={next} />}
        <button type="button">{submit}</button>
        <p
          class="soft"
          role="status"
          data-cancelled={say.cancelled}
          data-known={say.known}
          data-elsewhere={say.elsewhere}
          data-failed={say.failed}
        />
      </form>
      <script type="module" src="/passkeys.js"></script>
    </>
  )
}

/** What is said in place of a form for passkeys, where nothing else is on offer. */
export const WithoutPasskeys = ({ view }: Props) => <p data-without>{words[view.language].without}</p>

/** What `public/passkeys.js` put into such a form: the ticket of the challenge, and the browser's answer. */
export function ceremonyIn(fields: URLSearchParams): { ticket: string; credential: unknown } {
  const credential = jsonOf(utf8(fields.get('credential') ?? '').buffer)
  return { ticket: fields.get('challenge') ?? '', credential }
}

/** Says of a refused passkey that it was the passkey, not a password. */
export const withOwnReason = (view: View, fields: URLSearchParams | undefined): View =>
  view.problem?.code === 'invalid_credentials' && fields?.has('credential')
    ? { ...view, refusal: words[view.language].refused }
    : view

/** Says of a new passkey what to do if its device did not verify its user. */
export const withWhatToDo = (view: View): View =>
  view.problem?.errors?.some(({ code }) => code === 'not_verified')
    ? { ...view, refusal: words[view.language].notVerified }
    : view
