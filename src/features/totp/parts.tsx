import { Html } from '../../lib/jsx-runtime.ts'
import { Field, type Props } from '../../pages/forms.tsx'
import type { Enrolment } from './enrol.ts'
import { words } from './words.ts'

/** The field for a code. Phones show digits for it, and fill it in where they know the app. */
export const CodeField = ({ view }: Props) => (
  <Field view={view} name="totp" autocomplete="one-time-code" inputmode="numeric" focus />
)

/** What an app needs: the QR code, and the same secret as text for whoever cannot scan it. */
export const Secret = ({ view, enrolment: { secret, qr } }: Props<{ enrolment: Enrolment }>) => {
  const say = words[view.language]
  return (
    <>
      <p>{say.scan}</p>
      <div class="qr" role="img" aria-label={say.image}>
        {new Html(qr)}
      </div>
      <p>{say.orType}</p>
      <p>
        <code class="secret">{secret.match(/.{1,4}/g)!.join(' ')}</code>
      </p>
      <p>{say.enterCode}</p>
    </>
  )
}
